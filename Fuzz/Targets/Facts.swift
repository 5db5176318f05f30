import OstiaryCore
import OstiaryModels

/// A request body tells the same facts however it is cut; what is accepted the strict reader accepts too, with the same
/// facts, unless a member that the gate does not look at is there twice; another model's name put in is read back and
/// changes nothing else.
func fuzzFacts(_ bytes: [UInt8]) {
    let whole = read(bytes, [0..<bytes.count])
    for cut in Cuts.of(bytes) {
        demand(read(bytes, cut) == whole, "the facts of a body change when it is cut")
    }
    guard case .facts(let facts) = whole else { return }
    demand(ModelName.fault(in: facts.model.utf8) == nil, "a model's name with a fault is accepted")
    compare(facts, bytes)

    let name = "other \"name\" \\ \u{e9}"
    let rewritten = ModelRewriter(facts, to: name).rewrite(bytes)
    guard case .facts(let other) = read(rewritten, [0..<rewritten.count]) else {
        demand(false, "a rewritten body is refused")
        return
    }
    demand(other.model.hasSameBytes(as: name), "a rewritten body names another model")
    demand(
        other.stream == facts.stream && other.includeUsage == facts.includeUsage
            && rewritten.count - other.modelRange.upperBound == bytes.count - facts.modelRange.upperBound,
        "a rewritten body says something else"
    )
}

private func compare(_ facts: RequestFacts, _ bytes: [UInt8]) {
    let value: JSONValue
    do throws(JSONFault) {
        value = try JSONReader.read(bytes, depth: MemberScanner.deepest)
    } catch {
        demand(error.reason == .duplicateMember, "the strict reader refuses an accepted body: \(error.reason)")
        return
    }
    let body = value.object
    demand(body?["model"]?.string?.hasSameBytes(as: facts.model) == true, "two readers see two models")
    demand((body?["stream"]?.bool ?? false) == facts.stream, "two readers disagree about the stream")
    let options = body?["stream_options"]?.object
    demand((options?["include_usage"]?.bool ?? false) == facts.includeUsage, "two readers disagree about the usage")
    let quoted = try? JSONReader.read(Array(bytes[facts.modelRange]))
    demand(quoted?.string?.hasSameBytes(as: facts.model) == true, "the model's name lies elsewhere")
}

private enum Outcome: Equatable {
    case facts(RequestFacts)
    case refused(String)
}

private func read(_ bytes: [UInt8], _ cut: [Range<Int>]) -> Outcome {
    var reader = RequestReader()
    var early: RequestFacts?
    do throws(GateError) {
        for piece in cut {
            try reader.feed(bytes.span.extracting(piece))
            if early == nil { early = (try? reader.factsSoFar) ?? nil }
        }
        let facts = try reader.finish()
        if let early {
            demand(early.modelRange == facts.modelRange, "the early facts name another model")
        }
        return .facts(facts)
    } catch {
        demand(error.code == .invalidRequest, "a body is refused as \(error.code)")
        return .refused("\(error.cause): \(error.detail ?? "")")
    }
}
