import { z } from 'zod';
import {
  dismissFlags,
  flagComment,
  listAllFlaggedComments,
  listFlaggedComments,
  type FlaggedComment,
} from '../../../features/social/comment-flags';
import { addComment, deleteComment, listComments, type Comment } from '../../../features/social/comments';
import { endpoint, reply } from '../endpoint';
import { fed, feedOf, feedQuery, olderThan } from '../paging';
import { administeredAsked, discussedAsked, participantAsked, repositoryParams } from './repository-asked';
import { idParam, line, moment } from './schemas';

/* Comments on repositories, and reports of unsuitable comments. */

const commentSchema = z
  .strictObject({
    id: z.int(),
    author: z.string(),
    text: z.string().describe('Markdown source as written; sanitize it before displaying it'),
    date_created: moment,
  })
  .meta({ id: 'Comment' });

const flaggedSchema = z
  .strictObject({
    ...commentSchema.shape,
    namespace: z.string(),
    name: z.string(),
    flag_count: z.int().describe('How many accounts have flagged it'),
  })
  .meta({ id: 'FlaggedComment' });

function commentBody({ id, author, text, createdAt }: Comment): z.input<typeof commentSchema> {
  return { id, author, text, date_created: createdAt.toISOString() };
}

function flaggedBody(comment: FlaggedComment): z.input<typeof flaggedSchema> {
  return { ...commentBody(comment), ...comment.repository, flag_count: comment.flags };
}

const COMMENTS = '/api/v1.1/repositories/:namespace/:name/comments/';
const commentParams = repositoryParams.extend({ comment: idParam });

const getComments = endpoint({
  method: 'get',
  path: COMMENTS,
  tag: 'comments',
  access: 'optional',
  id: 'listComments',
  summary: 'List the comments on a repository',
  params: repositoryParams,
  query: z.strictObject(feedQuery),
  responses: { 200: { description: 'A page of comments, newest first', body: feedOf(commentSchema) } },
  handle: async (ctx, { req, params, query, caller }) => {
    const wanted = { before: query.before, limit: query.page_size };
    const comments = await listComments(ctx, await discussedAsked(ctx, { caller, params }), wanted);
    return reply(200, fed(ctx, req, olderThan(comments, query), comments.map(commentBody)));
  },
});

const postComment = endpoint({
  method: 'post',
  path: COMMENTS,
  tag: 'comments',
  access: 'account',
  id: 'createComment',
  summary: 'Post a comment',
  params: repositoryParams,
  body: z.strictObject({ text: line(8192).describe('Markdown of 1 to 4096 characters') }),
  responses: { 201: { description: 'The comment', body: commentSchema } },
  handle: async (ctx, { params, body, caller }) => {
    return reply(201, commentBody(await addComment(ctx, await participantAsked(ctx, { caller, params }), body.text)));
  },
});

const removeComment = endpoint({
  method: 'delete',
  path: `${COMMENTS}:comment/`,
  tag: 'comments',
  access: 'account',
  id: 'deleteComment',
  summary: 'Delete a comment, as its author or as an administrator of the repository',
  params: commentParams,
  responses: { 204: { description: 'Deleted' } },
  handle: async (ctx, { params, caller }) => {
    await deleteComment(ctx, await participantAsked(ctx, { caller, params }), params.comment);
    return reply(204);
  },
});

const putFlag = endpoint({
  method: 'put',
  path: `${COMMENTS}:comment/flag/`,
  tag: 'comments',
  access: 'account',
  id: 'flagComment',
  summary: "Flag a comment for the repository's administrators to review",
  params: commentParams,
  responses: { 204: { description: 'Flagged, or already flagged by you' } },
  handle: async (ctx, { params, caller }) => {
    await flagComment(ctx, await participantAsked(ctx, { caller, params }), params.comment);
    return reply(204);
  },
});

const deleteFlags = endpoint({
  method: 'delete',
  path: `${COMMENTS}:comment/flags/`,
  tag: 'comments',
  access: 'account',
  id: 'dismissCommentFlags',
  summary: 'Dismiss all flags on a comment, as a repository or site administrator',
  params: commentParams,
  responses: { 204: { description: 'Dismissed' } },
  handle: async (ctx, { params, caller }) => {
    await dismissFlags(ctx, await administeredAsked(ctx, { caller, params }), params.comment);
    return reply(204);
  },
});

const getFlagged = endpoint({
  method: 'get',
  path: `${COMMENTS}flagged/`,
  tag: 'comments',
  access: 'account',
  id: 'listFlaggedComments',
  summary: 'List the flagged comments on a repository, as one of its administrators',
  params: repositoryParams,
  query: z.strictObject(feedQuery),
  responses: { 200: { description: 'A page of comments, newest first', body: feedOf(flaggedSchema) } },
  handle: async (ctx, { req, params, query, caller }) => {
    const wanted = { before: query.before, limit: query.page_size };
    const comments = await listFlaggedComments(ctx, await administeredAsked(ctx, { caller, params }), wanted);
    return reply(200, fed(ctx, req, olderThan(comments, query), comments.map(flaggedBody)));
  },
});

const getAllFlagged = endpoint({
  method: 'get',
  path: '/api/v1.1/comments/flagged/',
  tag: 'administration',
  access: 'administrator',
  id: 'listAllFlaggedComments',
  summary: 'List the flagged comments on all repositories',
  query: z.strictObject(feedQuery),
  responses: { 200: { description: 'A page of comments, newest first', body: feedOf(flaggedSchema) } },
  handle: async (ctx, { req, query, caller }) => {
    const wanted = { before: query.before, limit: query.page_size };
    const comments = await listAllFlaggedComments(ctx, caller.actor, wanted);
    return reply(200, fed(ctx, req, olderThan(comments, query), comments.map(flaggedBody)));
  },
});

export const commentEndpoints = [
  getComments,
  postComment,
  getFlagged,
  removeComment,
  putFlag,
  deleteFlags,
  getAllFlagged,
];
