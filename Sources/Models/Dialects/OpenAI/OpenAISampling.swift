import OstiaryCore

/// The members of OpenAI's APIs that say how a model is to choose its words.
enum OpenAISampling {
    /// - Parameter isTaken: False where the provider refuses them; they are noted as losses then.
    static func write(
        _ request: Exchange.Request,
        isTaken: Bool,
        to out: inout ByteWriter,
        _ losses: inout Losses
    ) {
        if let value = request.temperature {
            write("temperature", value, isTaken, &out, &losses)
        }
        if let value = request.topP {
            write("top_p", value, isTaken, &out, &losses)
        }
        if request.topK != nil { losses.hint("top_k") }
    }

    private static func write(
        _ name: StaticString,
        _ value: JSONSlice,
        _ isTaken: Bool,
        _ out: inout ByteWriter,
        _ losses: inout Losses
    ) {
        guard isTaken else { return losses.hint(name.description) }
        out.name(name)
        out.json(value)
    }
}
