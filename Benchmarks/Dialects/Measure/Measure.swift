import OstiaryCore

@testable import OstiaryModels

/// Prints what translations cost, in microseconds of CPU time.
@main struct Measure {
    static let context = Translation.Context(now: UnixTime(seconds: 0))

    static func main() {
        for size in [2048, 200 * 1024] {
            let request = Array(Sample.request(bytes: size).utf8)
            let runs = size > 10_000 ? 200 : 10_000
            for provider in Exchange.Dialect.allCases {
                let label = "a request of \(request.count) bytes, messages to \(provider)"
                Stopwatch.print(label, runs: runs) { _ in
                    var translation = Translation(from: .messages, to: provider, context)
                    _ = try? translation.request(request)
                }
            }
            var there = Translation(from: .messages, to: .chat, context)
            let chat = (try? there.request(request))?.bytes ?? []
            for provider in [Exchange.Dialect.messages, .responses] {
                let label = "a request of \(chat.count) bytes, chat to \(provider)"
                Stopwatch.print(label, runs: runs) { _ in
                    var translation = Translation(from: .chat, to: provider, context)
                    _ = try? translation.request(chat)
                }
            }
            Stopwatch.print("checking \(request.count) bytes and nothing else", runs: runs) { _ in
                _ = try? JSONDocument(request)
            }
        }
        for provider in Exchange.Dialect.allCases {
            let events = Sample.stream(provider)
            for client in Exchange.Dialect.allCases {
                let count = events.count
                Stopwatch.print("an event of a stream, \(provider) to \(client)", runs: 20, of: count) { _ in
                    var stream = Translation(from: client, to: provider, context).stream()
                    var out = ByteWriter(capacity: 4096)
                    for event in events {
                        out.removeAll()
                        stream.feed(event.span, into: &out)
                    }
                }
            }
        }
    }
}
