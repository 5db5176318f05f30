/// The parsers that see input from outside (SEC-001). Beyond not trapping, each target demands something of what was
/// read; see its function.
enum Target: String, CaseIterable {
    case head, answer, chunk, target, json, facts, sse, base64url, jws, jwks, configuration, origin, llhttp, foundation
    case signature, stream, frames, fields, translation, translated, capability

    func run(_ bytes: [UInt8]) {
        switch self {
        case .head: fuzzRequestHead(bytes)
        case .answer: fuzzAnswerHead(bytes)
        case .chunk: fuzzChunks(bytes)
        case .target: fuzzRequestTarget(bytes)
        case .json: fuzzJSON(bytes)
        case .facts: fuzzFacts(bytes)
        case .sse: fuzzEvents(bytes)
        case .base64url: fuzzBase64URL(bytes)
        case .jws: fuzzToken(bytes)
        case .jwks: fuzzKeySet(bytes)
        case .configuration: fuzzConfiguration(bytes)
        case .origin: fuzzOrigin(bytes)
        case .llhttp: fuzzBesideLLHTTP(bytes)
        case .foundation: fuzzBesideFoundation(bytes)
        case .signature: fuzzSignature(bytes)
        case .stream: fuzzStream(bytes)
        case .frames: fuzzFrames(bytes)
        case .fields: fuzzFieldBlocks(bytes)
        case .translation: fuzzTranslation(bytes)
        case .translated: fuzzTranslatedStream(bytes)
        case .capability: fuzzCapability(bytes)
        }
    }
}

/// Ends the run when something that must hold does not.
func demand(_ condition: Bool, _ rule: @autoclosure () -> String) {
    if !condition { fatalError("broken: \(rule())") }
}
