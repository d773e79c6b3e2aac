import { z } from 'zod';
import type { BuildRule, RuleToSave } from '../../../features/builds/rules';
import { refTypeSchema } from './build-body';
import { line } from './schemas';

/* A build rule, as the API shows and takes it. */

const fields = {
  source_type: refTypeSchema,
  source_name: line(255).describe('A name, a name with * and ?, or a regular expression between slashes'),
  dockerfile_path: line(255).describe('From the root of the source; one that ends with a slash is a folder'),
  docker_tag: line(128).describe('With {ref} for the branch or tag, and {sha} for the commit'),
};

export const ruleSchema = z
  .strictObject({ id: z.int(), ...fields, context_path: z.string().describe('A folder; / is the root') })
  .meta({ id: 'BuildRule' });

export const newRuleSchema = z
  .strictObject({
    id: z.int().min(1).optional().describe('Of a rule that stays'),
    ...fields,
    dockerfile_path: fields.dockerfile_path.default('Dockerfile'),
    context_path: line(255).optional().describe('If omitted, the folder of the Dockerfile'),
  })
  .meta({ id: 'NewBuildRule' });

export function ruleBody(rule: BuildRule): z.input<typeof ruleSchema> {
  return {
    id: rule.id,
    source_type: rule.refType,
    source_name: rule.refPattern,
    dockerfile_path: rule.dockerfilePath,
    context_path: rule.contextPath,
    docker_tag: rule.tag,
  };
}

export function ruleInput(rule: z.output<typeof newRuleSchema>): RuleToSave {
  return {
    id: rule.id,
    refType: rule.source_type,
    refPattern: rule.source_name,
    dockerfilePath: rule.dockerfile_path,
    contextPath: rule.context_path,
    tag: rule.docker_tag,
  };
}
