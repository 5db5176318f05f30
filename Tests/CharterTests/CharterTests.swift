import OstiaryCore
import Testing

@testable import OstiaryCharter

private let chatRoute = Route(path: "/v1/chat/completions", methods: [.post], access: .known(.chat))
private let modelsRoute = Route(path: "/v1/models", methods: [.get], access: .known(.models))

private func identity(_ scopes: [String]) -> Identity {
    Identity(
        issuer: "https://idp.example",
        subject: "ada",
        means: .bearer(algorithm: "ES256"),
        expires: UnixTime(seconds: 2_000_000_000),
        scopes: Scopes(scopes),
        pseudonym: Pseudonym(high: 1, low: 2),
        claims: .null
    )
}

private func call(_ method: OstiaryCore.Method, _ route: Route?) -> Call {
    Call(
        id: RequestID(high: 1, low: 2),
        method: method,
        route: route,
        query: [],
        credential: nil,
        peer: Peer(address: "192.0.2.1"),
        started: MonotonicTime(nanoseconds: 0)
    )
}

private func refusal(_ charter: Charter, _ scopes: [String], _ call: Call) -> GateError? {
    do {
        _ = try charter.permit(identity(scopes), call)
        return nil
    } catch {
        return error
    }
}

@Test func permitsWithTheScope() throws {
    let permit = try Charter().permit(identity(["email", "inference"]), call(.post, chatRoute))
    #expect(permit.route == chatRoute)
    #expect(permit.identity.subject == "ada")
    #expect(permit.reasons == ["scope: chat"])
}

@Test func refusesAPathWithoutRoute() throws {
    let error = try #require(refusal(try Charter(), ["inference"], call(.post, nil)))
    #expect(error.code == .notFound)
    #expect(error.status == 404)
}

@Test func namesTheMethodsOfARouteInA405() throws {
    let error = try #require(refusal(try Charter(), ["inference"], call(.delete, modelsRoute)))
    #expect(error.code == .methodNotAllowed)
    #expect(error.allow == [.get, .head])
    let post = try #require(refusal(try Charter(), ["inference"], call(.head, chatRoute)))
    #expect(post.allow == [.post])
}

@Test func servesHEADWhereverGETIs() throws {
    #expect(refusal(try Charter(), ["inference"], call(.head, modelsRoute)) == nil)
}

@Test func asksForTheMissingScope() throws {
    let error = try #require(refusal(try Charter(), ["email"], call(.post, chatRoute)))
    #expect(error.code == .insufficientScope)
    #expect(error.challenge == "Bearer error=\"insufficient_scope\", scope=\"inference\"")
    #expect(error.source == .client)
}

@Test func asksForEveryScopeOfTheKind() throws {
    let charter = try Charter(scopes: [.chat: Scopes(["inference", "chat:write"])])
    let error = try #require(refusal(charter, ["inference"], call(.post, chatRoute)))
    #expect(error.challenge?.contains("scope=\"inference chat:write\"") == true)
    #expect(refusal(charter, ["chat:write", "inference"], call(.post, chatRoute)) == nil)
}

@Test func judgesTheMethodBeforeTheScope() throws {
    #expect(refusal(try Charter(), [], call(.get, chatRoute))?.code == .methodNotAllowed)
}

@Test func asksForNothingWithAnEmptyMap() throws {
    let charter = try Charter(scopes: [:])
    #expect(refusal(charter, [], call(.post, chatRoute)) == nil)
    #expect(refusal(charter, [], call(.get, modelsRoute)) == nil)
}

@Test func comparesScopesByBytes() throws {
    #expect(refusal(try Charter(), ["Inference"], call(.post, chatRoute))?.code == .insufficientScope)
    // Two spellings of one accented letter are equal as Swift strings and different scopes.
    #expect(!Scopes(["caf\u{e9}"]).contains("cafe\u{301}"))
}

@Test(arguments: ["", "two words", "quote\"", "back\\slash", "line\r\nX-Evil: 1", "caf\u{e9}", "\u{7f}"])
func refusesAScopeNameThatNoChallengeCouldCarry(_ name: String) {
    #expect(throws: InvalidScope.self) { try Charter(scopes: [.chat: Scopes([name])]) }
}

@Test func permitsAnOpenRouteToAnybodyKnown() throws {
    let open = Route(path: "/health", methods: [.get], access: .open)
    #expect(refusal(try Charter(), [], call(.get, open)) == nil)
}
