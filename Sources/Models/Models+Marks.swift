import NIOCore
import OstiaryCore
import OstiaryWire

// Thoughts under a signature of the gate's own (R6), on their way to a provider whose dialect is the client's.
extension Models {
    /// The APIs whose clients may have got such thoughts from here: those that some provider behind the gate does not
    /// serve, so that its answers are translated. Where all serve it nobody has any, and bodies need no look.
    static func markedAPIs(_ destinations: [String: Destination]) -> Set<Route.API> {
        Set([Route.API.messages, .responses].filter { api in destinations.values.contains { !$0.serves(api) } })
    }

    /// Goes on with the question without them, where it has any; no other byte of its messages changes. The body has to
    /// be here whole for that.
    func unmarked(
        _ asked: Asked,
        _ api: Route.API,
        _ context: @escaping () -> Translation.Context,
        _ client: RequestBody,
        _ asker: any Asker,
        then next: @escaping (Asked) -> Void
    ) {
        let goOn = { (asked: Asked) throws(GateError) in
            guard let dialect = api.dialect, asked.body.withReadableSpan(Translation.mustRead) else {
                return next(asked)
            }
            var translation = Translation(from: dialect, to: dialect, context())
            next(try asked.replacing(translation.request(Array(asked.body.readableBytesView)).bytes))
        }
        do throws(GateError) {
            if asked.isWhole { return try goOn(asked) }
        } catch {
            return asker.failed(error)
        }
        client.run { [held] in
            do throws(GateError) {
                try goOn(await asked.gathered(holding: held))
            } catch {
                asker.failed(error)
            }
        }
    }
}

extension Asked {
    /// The same question with another body.
    fileprivate func replacing(_ bytes: [UInt8]) throws(GateError) -> Asked {
        let facts = try RequestFacts(reading: bytes.span)
        return Asked(facts, ByteBuffer(bytes: bytes), length: bytes.count, rest: nil, share: nil)
    }
}
