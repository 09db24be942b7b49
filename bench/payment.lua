-- For wrk: each request is a payment with an id of its own. BENCH_PARTS names the folder with the
-- two parts of the request; the result is one line of JSON after RESULT.
local threads = 0

function setup(thread)
  threads = threads + 1
  thread:set("number", threads)
end

function init(args)
  local folder = os.getenv("BENCH_PARTS")
  local function part(name)
    local file = assert(io.open(folder .. "/" .. name, "rb"))
    local text = file:read("*a")
    file:close()
    return text
  end
  before, after, count = part("before"), part("after"), 0
end

function request()
  count = count + 1
  return before .. string.format("%02d%010d", number, count) .. after
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"seconds": %f, "answers": %d, "refused": %d, "broken": %d, "p50": %f, "p99": %f}\n',
    summary.duration / 1e6, summary.requests, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50) / 1e6, latency:percentile(99) / 1e6))
end
