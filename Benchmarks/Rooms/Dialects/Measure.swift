import OstiaryCore
import Stopwatch

@testable import OstiaryModels

/// Prints what translations cost, in microseconds of CPU time.
@main struct Measure {
    static let context = Translation.Context(now: UnixTime(seconds: 0))

    static func main() async {
        for size in [2048, 200 * 1024] {
            let request = Array(Sample.request(bytes: size).utf8)
            let runs = size > 10_000 ? 200 : 10_000
            for provider in Exchange.Dialect.allCases {
                let label = "a request of \(request.count) bytes, messages to \(provider)"
                await Stopwatch.print(label, runs: runs) { _ in
                    var translation = Translation(from: .messages, to: provider, context)
                    _ = try? translation.request(request)
                }
            }
            var there = Translation(from: .messages, to: .chat, context)
            let chat = (try? there.request(request))?.bytes ?? []
            for provider in [Exchange.Dialect.messages, .responses] {
                let label = "a request of \(chat.count) bytes, chat to \(provider)"
                await Stopwatch.print(label, runs: runs) { _ in
                    var translation = Translation(from: .chat, to: provider, context)
                    _ = try? translation.request(chat)
                }
            }
            await Stopwatch.print("checking \(request.count) bytes and nothing else", runs: runs) { _ in
                _ = try? JSONDocument(request)
            }
            await Stopwatch.print("counting the tokens of \(request.count) bytes", runs: runs) { _ in
                _ = (try? JSONReader.read(request)).map(TokenEstimate.input)
            }
        }
        for provider in Exchange.Dialect.allCases {
            let events = Sample.stream(provider)
            for client in Exchange.Dialect.allCases {
                let count = events.count
                await Stopwatch.print("an event of a stream, \(provider) to \(client)", runs: 20, of: count) { _ in
                    var stream = Translation(from: client, to: provider, context).stream()
                    var out = ByteWriter(capacity: 4096)
                    for event in events {
                        out.removeAll()
                        stream.feed(event.span, into: &out)
                    }
                }
            }
            await Stopwatch.print("an event of a stream, \(provider) that passes", runs: 20, of: events.count) { _ in
                var scanner = EventScanner()
                var reader = UsageReader(.events)
                for event in events {
                    _ = scanner.next(in: event.span, from: 0)
                    reader.feed(event.span)
                }
            }
        }
        print("\ntime on the wall for each of 100,000 events, half of them within, 99 % within")
        for (provider, client) in [(Exchange.Dialect.chat, Exchange.Dialect.messages), (.messages, .chat)] {
            let events = Sample.stream(provider)
            Stopwatch.printEach("an event, \(provider) to \(client)", of: 100_000) {
                let lane = Lane { Translation(from: client, to: provider, context).stream() }
                return { index in
                    if index % events.count == 0 { lane.renew() }
                    lane.feed(events[index % events.count])
                }
            }
        }
    }
}

/// A stream on its way through a translation.
final class Lane {
    private let make: () -> StreamTranslator
    private var stream: StreamTranslator
    private var out = ByteWriter(capacity: 4096)

    init(_ make: @escaping () -> StreamTranslator) {
        self.make = make
        stream = make()
    }

    func renew() { stream = make() }

    func feed(_ event: [UInt8]) {
        out.removeAll()
        stream.feed(event.span, into: &out)
    }
}
