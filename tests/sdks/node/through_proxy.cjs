// For SDKs that read no HTTPS_PROXY and keep their agent to themselves: `node --require ./through_proxy.cjs program`.
const https = require('node:https');
const { HttpsProxyAgent } = require('https-proxy-agent');

const { request } = https;
const agent = process.env.HTTPS_PROXY && new HttpsProxyAgent(process.env.HTTPS_PROXY);

if (agent) https.request = (options, ...rest) => request({ ...options, agent }, ...rest);
