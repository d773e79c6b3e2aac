FROM node:22-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json ./
COPY src ./src
COPY migrations ./migrations
COPY seeds ./seeds
COPY scripts ./scripts
# The build context has no repository: --build-arg DRYDOCK_COMMIT=$(git rev-parse --short=12 HEAD)
ARG DRYDOCK_COMMIT=
RUN npm run build

# Dependencies of the final image: no compiler, no test tools, and no embedded Postgres (the container gets a DATABASE_URL).
# --ignore-scripts is safe: bcrypt ships prebuilt binaries.
FROM node:22-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts

FROM node:22-slim
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PORT=5000 \
    DRYDOCK_DATA_DIR=/var/lib/drydock
WORKDIR /app
COPY package.json LICENSE ./
COPY bin ./bin
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist

# A volume inherits the owner of its directory, so the directory must belong to the user before the volume is declared.
RUN mkdir -p /var/lib/drydock && chown node:node /var/lib/drydock
VOLUME /var/lib/drydock
USER node
EXPOSE 5000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "bin/health.js"]
CMD ["node", "bin/drydock.js", "serve"]
