/**
 * `with recursive chain as (…)`: the links of an image and its ancestors within one repository, up to the first one
 * that is not complete, with id, image_id, content_id, depth, parent_id and layer_digest. The image has the greatest
 * depth. Stops if a parent is missing, or its depth is not exactly one less, because pushers can send images that name
 * each other as parents.
 *
 * @param start - the condition for the image's link in repository_images `i`, with placeholders
 * @param repository - the placeholder of the repository's id
 */
export function chainSql(start: string, repository: string): string {
  const columns = 'i.id, i.image_id, i.content_id, i.depth, c.parent_id, c.layer_digest';
  return `with recursive chain as (
      select ${columns} from repository_images i join image_contents c on c.id = i.content_id where ${start}
      union all
      select ${columns} from chain
        join repository_images i on i.repository_id = ${repository} and i.image_id = chain.parent_id
          and i.depth = chain.depth - 1
        join image_contents c on c.id = i.content_id
    )`;
}
