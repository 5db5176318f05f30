import NIOCore
public import OstiaryCore
public import OstiaryWire

/// A model's answer that has begun. Noncopyable: it is carried to one client, once; dropped, it cancels its request.
public struct ModelAnswer: ~Copyable {
    private enum Source: ~Copyable {
        case upstream(UpstreamAnswer, ProviderTraits, EventFilter?)
        case failed(FailedAnswer)
        case script(EchoScript, BrokenStream.Family)
    }

    private let source: Source
    /// When the provider was asked; `nil` where none was.
    public let askedAt: MonotonicTime?

    /// - Parameter filter: what a stream of events goes through; `nil` for any other answer.
    init(_ answer: consuming UpstreamAnswer, from traits: ProviderTraits, through filter: EventFilter?) {
        askedAt = answer.askedAt
        source = .upstream(answer, traits, filter)
    }

    init(_ failed: FailedAnswer, askedAt: MonotonicTime) {
        self.askedAt = askedAt
        source = .failed(failed)
    }

    init(_ script: EchoScript, for route: Route) {
        askedAt = nil
        source = .script(script, BrokenStream.Family(route))
    }

    /// Carries the answer to its end.
    public consuming func carry(to reply: consuming Reply, clock: any GateClock) async -> Carried {
        switch consume source {
        case .upstream(let answer, let traits, let filter): await Self.relay(answer, traits, filter, to: reply)
        case .failed(let failed): failed.send(to: reply)
        case .script(let script, let family): await script.play(to: reply, as: family, clock: clock)
        }
    }

    private static func relay(
        _ answer: consuming UpstreamAnswer,
        _ traits: ProviderTraits,
        _ filter: EventFilter?,
        to reply: consuming Reply
    ) async -> Carried {
        let meter = UsageMeter(answer)
        let policy = traits.responseFields
        let delivery = await reply.relay(
            answer,
            naming: policy.nameForClient,
            tap: { meter.feed($0) },
            filter: filter
        )
        return Carried(delivery: delivery, usage: meter.finish(), cause: filter?.failure?.cause)
    }
}

/// What became of an answer, and what it used.
public struct Carried: Sendable {
    public let delivery: Delivery
    public let usage: Usage
    /// Why an answer was cut, from a closed list; `nil` where that is not known or it was not.
    public var cause: StaticString?
}

/// Watches an answer pass for what it used.
private final class UsageMeter {
    private var reader: UsageReader
    private let announced: Usage?

    init(_ answer: borrowing UpstreamAnswer) {
        let isStream = answer.valueBytes(.contentType).map { MediaTypeField.isEventStream($0.readableBytesView) }
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
