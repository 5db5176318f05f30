import NIOCore
import OstiaryCore
import OstiaryWire

extension EchoModel {
    /// Answers a question, once all of it has come.
    static func answer(
        _ asked: Asked,
        _ route: Route,
        _ call: Call,
        at now: UnixTime,
        holding held: HeldBodies
    ) async throws(GateError) -> EchoScript {
        let body = try await asked.whole(holding: held)
        return body.withReadableSpan { answer(path: route.path, body: $0, now: now, id: call.id) }
    }
}

extension EchoScript {
    /// A document of the gate's own, without directions.
    static func document(_ body: [UInt8], _ more: [Field] = []) -> EchoScript {
        let fields = [Field(name: "Content-Type", value: "application/json")] + more
        return EchoScript(answer: .whole(Whole(status: 200, fields: fields, body: body, cut: nil)), delay: 0)
    }

    /// Plays the script to a client: pauses, pieces, end.
    /// - Parameter family: how an error in a stream is spelled.
    func play(to reply: consuming Reply, as family: BrokenStream.Family, clock: any GateClock) async -> Carried {
        switch answer {
        case .whole(let whole):
            await pause(clock)
            return play(whole, to: reply)
        case .stream(let stream):
            return await play(stream, to: reply, as: family, clock)
        }
    }

    private func play(_ whole: Whole, to reply: consuming Reply) -> Carried {
        var reader = UsageReader(.whole)
        reader.feed(whole.body.span)
        let delivery: Delivery
        if let cut = whole.cut {
            delivery = reply.breakOff(
                status: whole.status,
                body: ByteBuffer(bytes: whole.body.prefix(cut)),
                announcing: whole.body.count
            ) { $0.write(whole.fields) }
        } else {
            delivery = reply.send(status: whole.status, body: ByteBuffer(bytes: whole.body)) { $0.write(whole.fields) }
        }
        let usage = reader.finish()
        return Carried(delivery: delivery, usage: usage, stop: reader.stop)
    }

    private func play(
        _ stream: Stream,
        to reply: consuming Reply,
        as family: BrokenStream.Family,
        _ clock: any GateClock
    ) async -> Carried {
        var reader = UsageReader(.events)
        let sent = Count()
        var output = reply.stream(
            status: 200,
            lastWords: { cut in GateError(cut).flatMap { BrokenStream.event($0, family, after: sent.value) } },
            fields: { $0.write(stream.fields) }
        )
        do throws(GateError) {
            for frame in stream.frames {
                await pause(clock)
                reader.feed(frame.span)
                try await output.write(ByteBuffer(bytes: frame))
                sent.value += 1
            }
        } catch {
            return Carried(delivery: output.cut(.client), usage: reader.finish())
        }
        let delivery =
            switch stream.ending {
            case .complete: output.finish()
            case .dropped: output.cut(.upstream)
            }
        let usage = reader.finish()
        return Carried(delivery: delivery, usage: usage, stop: reader.stop)
    }

    private func pause(_ clock: any GateClock) async {
        // A cancelled pause means that the client has left, which the next write finds out.
        if delay > 0 { try? await clock.sleep(seconds: delay) }
    }
}

/// Events that went out, for those who come to cut the stream.
private final class Count {
    var value = 0
}

extension ByteWriter {
    fileprivate mutating func write(_ fields: [EchoScript.Field]) {
        for field in fields { writeString("\(field.name.lowercased()): \(field.value)\r\n") }
    }
}
