import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryJournal

private func text(_ metrics: Metrics, accept: String? = nil) -> String {
    let families = metrics.families + MetricFamily.families(of: metrics.instruments)
    return String(decoding: Exposition(families, accept: accept).bytes, as: UTF8.self)
}

@Test func countsRequestsByRouteProviderModelAndStatus() {
    let metrics = Metrics(loops: 2, version: "0.1.0")
    for loop in 0..<4 { metrics.record(entry(provider: "openai", model: "gpt-small"), loop: loop) }
    metrics.record(entry(status: 401, outcome: .refused(.invalidToken)), loop: 0)
    let text = text(metrics)
    let labels = "route=\"/v1/chat/completions\",provider=\"openai\",model=\"gpt-small\",status=\"200\""
    #expect(text.contains("gw_requests_total{\(labels)} 4\n"))
    #expect(text.contains("provider=\"\",model=\"\",status=\"401\"} 1\n"))
    #expect(text.contains("gw_build_info{version=\"0.1.0\"} 1\n"))
}

@Test func `counts what ended answers, over all statuses and loops`() {
    let metrics = Metrics(loops: 2, version: "0.1.0")
    for (index, stop) in [Exchange.Stop.end, .pause, .end, nil].enumerated() {
        var entry = entry(status: index == 2 ? 201 : 200, provider: "openai", model: "gpt-small")
        entry.stop = stop
        metrics.record(entry, loop: index % 2)
    }
    let text = text(metrics)
    #expect(text.contains("gw_finish_total{provider=\"openai\",model=\"gpt-small\",reason=\"end\"} 2\n"))
    #expect(text.contains("gw_finish_total{provider=\"openai\",model=\"gpt-small\",reason=\"pause\"} 1\n"))
    #expect(!text.contains("reason=\"length\""))
}

@Test func addsTokensUpByProviderAndModel() {
    let metrics = Metrics(loops: 1, version: "0.1.0")
    let usage = Usage(inputTokens: 10, outputTokens: 3, cachedInputTokens: nil)
    for status in [200, 200, 503] {
        metrics.record(entry(status: status, provider: "openai", model: "gpt-small", usage: usage), loop: 0)
    }
    metrics.record(entry(provider: "openai", model: "gpt-small", usage: Usage(inputTokens: -5)), loop: 0)
    let text = text(metrics)
    #expect(text.contains("gw_tokens_total{provider=\"openai\",model=\"gpt-small\",type=\"input\"} 30\n"))
    #expect(text.contains("gw_tokens_total{provider=\"openai\",model=\"gpt-small\",type=\"output\"} 9\n"))
}

@Test func putsDurationsIntoBuckets() {
    let metrics = Metrics(loops: 2, version: "0.1.0")
    metrics.record(entry(duration: 0.005), loop: 0)
    metrics.record(entry(duration: 0.005_1), loop: 1)
    metrics.record(entry(duration: 1_000, upstream: 999.999_95), loop: 1)
    metrics.record(entry(duration: .nan), loop: 1)
    let text = text(metrics)
    let name = "gw_request_duration_seconds"
    let route = "route=\"/v1/chat/completions\""
    #expect(text.contains("\(name)_bucket{\(route),le=\"0.005\"} 2\n"))
    #expect(text.contains("\(name)_bucket{\(route),le=\"0.01\"} 3\n"))
    #expect(text.contains("\(name)_bucket{\(route),le=\"300\"} 3\n"))
    #expect(text.contains("\(name)_bucket{\(route),le=\"+Inf\"} 4\n"))
    #expect(text.contains("\(name)_count{\(route)} 4\n"))
    #expect(text.contains("\(name)_sum{\(route)} 1000.0101\n"))
    #expect(text.contains("gw_overhead_seconds_bucket{\(route),le=\"0.0001\"} 1\n"))
    #expect(text.contains("gw_overhead_seconds_bucket{\(route),le=\"2.5e-05\"} 0\n"))
    #expect(!text.contains("gw_ttfb_seconds_bucket"))
}

// SEC-603, SEC-701
@Test func keepsTheSeriesBoundedUnderAMillionLabels() {
    let metrics = Metrics(loops: 2, version: "0.1.0")
    var entry = entry(provider: "local")
    for number in 0..<1_000_000 {
        entry.model = "model-\(number)"
        metrics.record(entry, loop: number)
    }
    let families = metrics.families
    let samples = families.first { $0.name == "gw_requests_total" }?.samples ?? []
    #expect(samples.count == SeriesRegister.seriesLimit + 1)
    let other = samples.first { $0.labels.contains { $0.value == "other" } }
    if case .number(let count) = other?.value {
        #expect(count == Double(1_000_000 - SeriesRegister.seriesLimit))
    } else {
        Issue.record("nothing was counted as other")
    }
    #expect(metrics.instruments.value("gw_metric_series") == 2_000)
}

@Test func keepsRoutesAndStatusesBounded() {
    let metrics = Metrics(loops: 1, version: "0.1.0")
    for number in 0..<5_000 { metrics.record(entry(route: "/route/\(number)", status: number * 7), loop: 0) }
    let durations = metrics.families.first { $0.name == "gw_request_duration_seconds" }?.samples ?? []
    #expect(durations.count == SeriesRegister.routeLimit + 1)
    let requests = metrics.families.first { $0.name == "gw_requests_total" }?.samples ?? []
    #expect(requests.count <= SeriesRegister.seriesLimit + 501)
}

@Test func showsTheProcess() throws {
    let text = text(Metrics(loops: 1, version: "0.1.0"))
    for name in ["resident_memory_bytes", "open_fds", "cpu_seconds_total", "start_time_seconds", "max_fds"] {
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("process_\(name) ") })
        let value = try #require(Double(line.split(separator: " ").last ?? ""))
        #expect(value > 0)
    }
    #expect(ProcessFigures.started() > 1_600_000_000)
    #expect(ProcessFigures.resident() > 1_000_000)
}
