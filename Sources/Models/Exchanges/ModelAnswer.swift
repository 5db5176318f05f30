import NIOCore
public import OstiaryCore
public import OstiaryWire

/// A model's answer that has begun. Noncopyable: it is carried to one client, once; dropped, it cancels its request.
public struct ModelAnswer: ~Copyable {
    private enum Source: ~Copyable {
        case upstream(UpstreamAnswer, ProviderTraits, EventFilter?)
        case failed(FailedAnswer)
        case script(EchoScript, BrokenStream.Family)
        case translated(UpstreamAnswer, TranslatingFilter, ResponseFieldPolicy, Losses)
        case whole(TranslatedAnswer)
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

    /// A stream in another dialect than the client's.
    init(
        _ answer: consuming UpstreamAnswer,
        through filter: TranslatingFilter,
        naming: ResponseFieldPolicy,
        dropped: Losses
    ) {
        askedAt = answer.askedAt
        source = .translated(answer, filter, naming, dropped)
    }

    /// A whole answer that was in another dialect than the client's.
    init(_ whole: TranslatedAnswer, askedAt: MonotonicTime) {
        self.askedAt = askedAt
        source = .whole(whole)
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
        case .translated(let answer, let filter, let naming, let dropped):
            reply.addFields { out in
                out.writeField("content-type", "text/event-stream; charset=utf-8")
                out.writeField("cache-control", "no-cache")
                out.writeField("x-accel-buffering", "no")
                out.writeDropped(dropped)
            }
            let meter = TranslationMeter(filter, asker)
            reply.relay(answer, naming: naming.nameForClient, tap: nil, filter: filter, then: meter)
        case .whole(let whole):
            asker.carried(whole.send(to: reply))
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
    /// Whether some of the usage is the gate's own estimate, as the provider did not say.
    public var isEstimated = false
    /// Why the answer ended; `nil` where nobody said so.
    public var stop: Exchange.Stop?
    /// Bytes of text that went by.
    public var textBytes = 0
    /// Why an answer was cut, from a closed list; `nil` where that is not known or it was not.
    public var cause: StaticString?
}

/// Tells the asker at the end of a translated stream what it used.
private final class TranslationMeter: RelayReceiver {
    private let filter: TranslatingFilter
    private let asker: any Asker

    init(_ filter: TranslatingFilter, _ asker: any Asker) {
        self.filter = filter
        self.asker = asker
    }

    func relayed(_ delivery: Delivery) {
        let tokens = filter.tokens
        asker.carried(
            Carried(
                delivery: delivery,
                usage: tokens.usage,
                isEstimated: tokens.isEstimated,
                stop: filter.stop,
                textBytes: filter.textBytes,
                cause: filter.failure?.cause
            )
        )
    }
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
    private var stop: Exchange.Stop?
    private var textBytes = 0

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
        stop = readers.usage.stop
        textBytes = readers.usage.textBytes
    }

    func piece(_ bytes: ByteBuffer) {
        if reader == nil { reader = UsageReader(layout) }
        bytes.withReadableSpan { reader?.feed($0) }
    }

    func relayed(_ delivery: Delivery) {
        let usage = finish()
        asker.carried(
            Carried(
                delivery: delivery,
                usage: usage,
                stop: stop,
                textBytes: textBytes,
                cause: filter?.failure?.cause
            )
        )
    }

    private func finish() -> Usage {
        if reader != nil {
            read = reader?.finish() ?? read
            stop = reader?.stop
            textBytes = reader?.textBytes ?? 0
        }
        return read.isUnknown ? announced ?? read : read
    }
}
