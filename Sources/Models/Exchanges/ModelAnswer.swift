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

    /// Carries the answer to its end, of which the asker is told: before this returns where all of it is here.
    public consuming func carry(
        to reply: consuming Reply,
        reading readers: BodyReaders,
        clock: any GateClock,
        for asker: any Asker
    ) {
        switch consume source {
        case .upstream(let answer, let traits, let filter):
            let meter = UsageMeter(answer, readers, filter, asker)
            reply.relay(answer, naming: traits.responseFields.nameForClient, tap: meter, filter: filter, then: meter)
        case .failed(let failed):
            asker.carried(failed.send(to: reply))
        case .script(let script, let family):
            reply.later { reply in asker.carried(await script.play(to: reply, as: family, clock: clock)) }
        }
    }
}

/// What became of an answer, and what it used.
public struct Carried: Sendable {
    public let delivery: Delivery
    public let usage: Usage
    /// Why an answer was cut, from a closed list; `nil` where that is not known or it was not.
    public var cause: StaticString?
}

/// Watches an answer pass for what it used, and tells the asker at its end.
private final class UsageMeter: AnswerTap, RelayReceiver {
    private let readers: BodyReaders
    private let filter: EventFilter?
    private let asker: any Asker
    private let layout: UsageReader.Layout
    private let announced: Usage?
    /// Only for an answer that comes in pieces.
    private var reader: UsageReader?
    private var read = Usage()

    init(
        _ answer: borrowing UpstreamAnswer,
        _ readers: BodyReaders,
        _ filter: EventFilter?,
        _ asker: any Asker
    ) {
        self.readers = readers
        self.filter = filter
        self.asker = asker
        layout = answer.withValue(.contentType, MediaTypeField.isEventStream) == true ? .events : .whole
        announced = answer.has(.usageMetrics) ? answer.value(.usageMetrics).map(UsageMetricsField.read) : nil
    }

    func whole(_ bytes: ByteBuffer) {
        readers.usage.reset(layout)
        bytes.withReadableSpan { readers.usage.feed($0) }
        read = readers.usage.finish()
    }

    func piece(_ bytes: ByteBuffer) {
        if reader == nil { reader = UsageReader(layout) }
        bytes.withReadableSpan { reader?.feed($0) }
    }

    func relayed(_ delivery: Delivery) {
        asker.carried(Carried(delivery: delivery, usage: finish(), cause: filter?.failure?.cause))
    }

    private func finish() -> Usage {
        if reader != nil { read = reader?.finish() ?? read }
        return read.isUnknown ? announced ?? read : read
    }
}
