// What a well-behaved provider does, and the loads of the tests on leaving, slowness and crashes.

// Four bytes each, so that an estimate of four bytes to a token counts events.
export const words = ['one ', 'two ', 'six ', 'ten ', 'end.'];
export const text = words.join('');
export const usage = {
  prompt_tokens: 7,
  completion_tokens: 5,
  total_tokens: 12,
  prompt_tokens_details: { cached_tokens: 3 },
  completion_tokens_details: { reasoning_tokens: 2 },
};

export function completion(x, { content = text, finish = 'stop', use = usage, message = {}, ...rest } = {}) {
  return {
    id: `chatcmpl-mock-${x.n}`,
    object: 'chat.completion',
    created: 1700000000,
    model: x.model,
    choices: [{ index: 0, message: { role: 'assistant', content, refusal: null, ...message }, logprobs: null, finish_reason: finish }],
    ...(use === null ? {} : { usage: use }),
    ...rest,
  };
}

export function piece(x, delta, finish = null, rest = {}) {
  return {
    id: `chatcmpl-mock-${x.n}`,
    object: 'chat.completion.chunk',
    created: 1700000000,
    model: x.model,
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
    ...rest,
  };
}

export function usagePiece(x, use = usage) {
  return { ...piece(x, {}), choices: [], usage: use };
}

export async function streamWords(x, list = words, gap = 0) {
  await x.event(piece(x, { role: 'assistant', content: '' }));
  for (const word of list) {
    if (gap) await x.sleep(gap);
    x.events += 1;
    await x.event(piece(x, { content: word }));
  }
}

export async function finishStream(x, use = usage) {
  await x.event(piece(x, {}, 'stop'));
  if (x.includeUsage && use !== null) await x.event(usagePiece(x, use));
  await x.event('[DONE]');
  await x.lastChunk();
}

async function ok(x) {
  if (!x.stream) return x.whole(200, completion(x));
  await x.streamHead();
  await streamWords(x);
  await finishStream(x);
}

// stream.n20.g50: n events, g milliseconds apart; also before a whole answer.
async function stream(x) {
  const n = x.parameter('n', 20);
  const gap = x.parameter('g', 50);
  if (!x.stream) {
    await x.sleep(n * gap);
    return x.whole(200, completion(x, { use: { ...usage, completion_tokens: n, total_tokens: 7 + n } }));
  }
  await x.streamHead();
  await streamWords(x, Array.from({ length: n }, (_, i) => `${String(i).padStart(3, '0')} `), gap);
  await finishStream(x, { ...usage, completion_tokens: n, total_tokens: 7 + n });
}

// endless.g10: one event each g milliseconds until the gateway leaves. silence.n2: n events, then none.
async function endless(x) {
  const gap = x.parameter('g', 10);
  if (!x.stream) return x.hold();
  await x.streamHead();
  await x.event(piece(x, { role: 'assistant', content: '' }));
  for (let i = 0; ; i += 1) {
    x.events += 1;
    await x.event(piece(x, { content: 'tik ' }));
    await x.sleep(gap);
  }
}
async function silence(x) {
  if (!x.stream) return x.hold();
  await x.streamHead();
  await streamWords(x, words.slice(0, x.parameter('n', 2)));
  await x.hold();
}
async function mute(x) {
  await x.hold();
}

// pause.t3000: two events, a silence of t milliseconds, and the rest.
async function pause(x) {
  if (!x.stream) {
    await x.sleep(x.parameter('t', 1000));
    return ok(x);
  }
  await x.streamHead();
  await streamWords(x, words.slice(0, 2));
  await x.sleep(x.parameter('t', 1000));
  for (const word of words.slice(2)) {
    x.events += 1;
    await x.event(piece(x, { content: word }));
  }
  await finishStream(x);
}

// nonce.w20: the last message comes back, after up to w milliseconds.
async function nonce(x) {
  const content = String(x.json.messages.at(-1).content);
  const wait = x.parameter('w', 0);
  if (wait) await x.sleep(Math.random() * wait);
  if (!x.stream) return x.whole(200, completion(x, { content }));
  await x.streamHead();
  for (let i = 0; i < content.length; i += 8) {
    if (wait) await x.sleep((Math.random() * wait) / 4);
    await x.event(piece(x, { content: content.slice(i, i + 8) }));
  }
  await finishStream(x);
}

const call = { id: 'call_mock1', type: 'function', function: { name: 'get_weather', arguments: '{"city":"Zürich","unit":"c"}' } };

async function tools(x) {
  if (!x.stream) return x.whole(200, completion(x, { content: null, finish: 'tool_calls', message: { tool_calls: [call] } }));
  await x.streamHead();
  const { arguments: args, name } = call.function;
  await x.event(piece(x, { role: 'assistant', content: null, tool_calls: [{ index: 0, id: call.id, type: 'function', function: { name, arguments: '' } }] }));
  for (let i = 0; i < args.length; i += 7) {
    await x.event(piece(x, { tool_calls: [{ index: 0, function: { arguments: args.slice(i, i + 7) } }] }));
  }
  await x.event(piece(x, {}, 'tool_calls'));
  if (x.includeUsage) await x.event(usagePiece(x));
  await x.event('[DONE]');
  await x.lastChunk();
}

// big.m256: m MiB of events of 16 KiB, as fast as they are taken. big.k64: k KiB.
async function big(x) {
  const total = x.parameter('m', 0) * 1024 * 1024 || x.parameter('k', 1024) * 1024;
  const content = 'x'.repeat(Math.min(16_384, total));
  if (!x.stream) return x.whole(200, completion(x, { content: 'y'.repeat(total) }));
  await x.streamHead();
  const event = Buffer.from(`data: ${JSON.stringify(piece(x, { content }))}\n\n`);
  for (let sent = 0; sent < total; sent += content.length) {
    x.events += 1;
    await x.chunk(event);
  }
  await finishStream(x);
}

// numbered.n100: events that carry their own number, for order and completeness.
async function numbered(x) {
  await x.streamHead();
  for (let i = 0; i < x.parameter('n', 100); i += 1) {
    x.events += 1;
    await x.event(piece(x, { content: `${i},` }));
  }
  await finishStream(x);
}

// clock.n20.g50: each event carries the time at which it was written (milliseconds of this process).
async function clock(x) {
  await x.streamHead();
  for (let i = 0; i < x.parameter('n', 20); i += 1) {
    await x.sleep(x.parameter('g', 50));
    x.events += 1;
    await x.event(piece(x, { content: `${performance.now().toFixed(3)} ` }));
  }
  await finishStream(x);
}

// The request as it arrived, for tests on what goes upstream.
async function reflect(x) {
  await x.whole(200, completion(x, { content: JSON.stringify({ head: x.rawHead, target: x.target, body: x.body.toString('base64') }) }));
}

export const ordinary = { ok, stream, endless, silence, mute, pause, nonce, tools, big, numbered, clock, reflect };
