-- The requests that wrk sends: one POST for each token of the file TOKENS in turn.
local heads, next_head = {}, 0
local body = '{"model":"bench","stream":' .. os.getenv("STREAM") .. ',"messages":[{"role":"user","content":"'
  .. string.rep("y", 950) .. '"}]}'
for line in io.lines(os.getenv("TOKENS")) do
  heads[#heads + 1] = { ["Content-Type"] = "application/json", ["Authorization"] = "Bearer " .. line }
end

function request()
  next_head = next_head % #heads + 1
  return wrk.format("POST", "/v1/chat/completions", heads[next_head], body)
end

function done(summary, latency)
  local bad = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout
  io.write(string.format("RESULT %d %d %d %d\n", summary.requests, bad, latency:percentile(50), latency:percentile(99)))
end
