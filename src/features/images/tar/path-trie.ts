interface Node {
  isEnd: boolean;
  children: Map<string, Node> | undefined;
}

/**
 * A set of absolute paths, by their components. One walk along a path finds whether it, or a directory above it, is in
 * the set, so a long path costs its length and not the square of it.
 */
export class PathTrie {
  private readonly root: Node = { isEnd: false, children: undefined };
  private nodes = 0;

  /** The number of components that are held in memory. */
  get size(): number {
    return this.nodes;
  }

  add(path: string): void {
    let node = this.root;
    for (const component of componentsOf(path)) {
      node.children ??= new Map<string, Node>();
      let child = node.children.get(component);
      if (child === undefined) {
        child = { isEnd: false, children: undefined };
        node.children.set(component, child);
        this.nodes += 1;
      }
      node = child;
    }
    node.isEnd = true;
  }

  /** Whether the path, or a directory that it is in, was added. */
  covers(path: string): boolean {
    let node: Node | undefined = this.root;
    for (const component of componentsOf(path)) {
      node = node.children?.get(component);
      if (node === undefined) return false;
      if (node.isEnd) return true;
    }
    return false;
  }
}

/** The parts between the slashes, the first of which begins the path. */
function* componentsOf(path: string): Generator<string, void, undefined> {
  for (let start = 1; start <= path.length;) {
    const slash = path.indexOf('/', start);
    const end = slash === -1 ? path.length : slash;
    yield path.slice(start, end);
    start = end + 1;
  }
}
