import NIOCore
public import OstiaryCore
public import OstiaryWire

/// A model's answer that has begun. Noncopyable: it is carried to one client, once; dropped, it cancels its request.
public struct ModelAnswer: ~Copyable {
    private enum Source: ~Copyable {
        case upstream(UpstreamAnswer, ProviderTraits)
        case failed(FailedAnswer)
        case script(EchoScript)
    }

    private let source: Source
    /// When the provider was asked; `nil` where none was.
    public let askedAt: MonotonicTime?

    init(_ answer: consuming UpstreamAnswer, from traits: ProviderTraits) {
        askedAt = answer.askedAt
        source = .upstream(answer, traits)
    }

    init(_ failed: FailedAnswer, askedAt: MonotonicTime) {
        self.askedAt = askedAt
        source = .failed(failed)
    }

    init(_ script: EchoScript) {
        askedAt = nil
        source = .script(script)
    }

    /// Carries the answer to its end.
    public consuming func carry(to reply: consuming Reply, clock: any GateClock) async -> Carried {
        switch consume source {
        case .upstream(let answer, let traits): await Self.relay(answer, traits, to: reply)
        case .failed(let failed): failed.send(to: reply)
        case .script(let script): await script.play(to: reply, clock: clock)
        }
    }

    private static func relay(
        _ answer: consuming UpstreamAnswer,
        _ traits: ProviderTraits,
        to reply: consuming Reply
    ) async -> Carried {
        let meter = UsageMeter(answer)
        let policy = traits.responseFields
        let delivery = await reply.relay(answer, naming: policy.nameForClient) { meter.feed($0) }
        return Carried(delivery: delivery, usage: meter.finish())
    }
}

/// What became of an answer, and what it used.
public struct Carried: Sendable {
    public let delivery: Delivery
    public let usage: Usage
}

/// Watches an answer pass for what it used.
private final class UsageMeter {
    private var reader: UsageReader
    private let announced: Usage?

    init(_ answer: borrowing UpstreamAnswer) {
        let isStream = answer.valueBytes(.contentType).map {
            $0.readableBytesView.starts(with: "text/event-stream".utf8)
        }
        reader = UsageReader(isStream == true ? .events : .whole)
        announced = answer.value(.usageMetrics).map(UsageMetricsField.read)
    }

    func feed(_ bytes: ByteBuffer) {
        bytes.withReadableSpan { reader.feed($0) }
    }

    func finish() -> Usage {
        let read = reader.finish()
        return read.isUnknown ? announced ?? read : read
    }
}
