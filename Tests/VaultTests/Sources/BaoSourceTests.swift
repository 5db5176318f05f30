import OstiaryCore
import OstiaryTesting
import Synchronization
import Testing

@testable import OstiaryVault

@Suite struct BaoSourceTests {
    private let clock = ManualClock()
    private let label = "openbao key secret/team/openai"

    private func surroundings(_ requester: ScriptedRequester, _ environment: [String: String]) -> Surroundings {
        Surroundings(environment: environment, requester: requester, engine: LendingEngine(clock: clock))
    }

    private func source(_ change: (inout BaoSource) -> Void = { _ in }) -> BaoSource {
        var source = BaoSource()
        source.addresses = ["https://one.example:8200"]
        source.path = "team/openai"
        change(&source)
        return source
    }

    private static let key = #"{"lease_id":"","data":{"data":{"api_key":"sk-1"},"metadata":{"version":3}}}"#
    private static let login =
        #"{"auth":{"client_token":"s.logged-in","lease_duration":900,"renewable":true}}"#
    private static let token = ["BAO_TOKEN": "s.given"]

    private static func answer(_ status: Int, _ body: String = "{}") -> OutboundAnswer {
        OutboundAnswer(status: status, body: Array(body.utf8))
    }

    @Test func readsAFieldOfVersion2AndOfVersion1() async throws {
        let requester = ScriptedRequester { request, _ throws(FetchFailure) in
            if request.url.contains("lookup-self") { return Self.answer(200, #"{"data":{"ttl":0,"renewable":false}}"#) }
            if request.url.hasSuffix("/v1/secret/data/team/openai") { return Self.answer(200, Self.key) }
            return Self.answer(200, #"{"lease_id":"l","lease_duration":60,"data":{"api_key":"sk-old"}}"#)
        }
        let around = surroundings(requester, Self.token.merging(["VAULT_NAMESPACE": "team"]) { $1 })
        #expect(await source().fetched(around) == .plain("sk-1"))
        #expect(requester.requests.last?.value("x-vault-token") == "s.given")
        #expect(requester.requests.last?.value("x-vault-namespace") == "team")
        #expect(await source { $0.version = 1 }.fetched(around) == .key("sk-old", life: 60, expires: nil))
        #expect(requester.requests.last?.url == "https://one.example:8200/v1/secret/team/openai")
        // Known from the first reading: asked about itself once.
        #expect(requester.requests.count { $0.url.contains("lookup-self") } == 1)
    }

    @Test(
        arguments: [
            (404, #"{"data":null}"#, true), (403, "{}", true), (400, "{}", false),
            (200, #"{"data":{"data":{}}}"#, true),
            (200, "nonsense", false), (503, "{}", false), (429, "{}", false),
        ] as [(Int, String, Bool)]
    )
    func knowsWhatAnAnswerMeans(_ status: Int, _ body: String, _ isLasting: Bool) async {
        let requester = ScriptedRequester { request, _ throws(FetchFailure) in
            Self.answer(request.url.contains("lookup") ? 403 : status, request.url.contains("lookup") ? "{}" : body)
        }
        guard case .fault(let fault) = await source().fetched(surroundings(requester, Self.token)) else {
            Issue.record("a key")
            return
        }
        #expect(fault.isLasting == isLasting)
    }

    @Test(arguments: [429, 472, 473, 503])
    func asksTheNextServerWhereOneCannotAnswer(_ status: Int) async {
        let requester = ScriptedRequester { request, _ throws(FetchFailure) in
            if request.url.hasPrefix("https://one.") { return Self.answer(status) }
            if request.url.hasPrefix("https://two.") { throw .unreachable }
            return Self.answer(200, request.url.contains("lookup") ? "{}" : Self.key)
        }
        let three = source { $0.addresses = ["https://one.example", "https://two.example", "https://three.example"] }
        #expect(await three.fetched(surroundings(requester, Self.token)) == .plain("sk-1"))
    }

    @Test func logsInOnceAndAgainWhenItIsRefused() async throws {
        let revoked = Mutex(false)
        let requester = ScriptedRequester { request, number throws(FetchFailure) in
            if request.url.hasSuffix("/v1/auth/approle/login") {
                return Self.answer(200, Self.login.replacing("logged-in", with: "logged-in-\(number)"))
            }
            let isFirst = request.value("x-vault-token") == "s.logged-in-0"
            return revoked.withLock { $0 } && isFirst ? Self.answer(403) : Self.answer(200, Self.key)
        }
        let around = surroundings(requester, ["SECRET_ID": "it \"is\" \\"])
        let source = try source {
            $0.login = .appRole(mount: "approle", role: "gate", secret: try! SourceReference("env:SECRET_ID"))
        }
        #expect(await source.fetched(around) == .plain("sk-1"))
        #expect(await source.fetched(around) == .plain("sk-1"))
        #expect(requester.requests.map { $0.url.contains("login") } == [true, false, false])
        #expect(requester.requests.first?.text == #"{"role_id":"gate","secret_id":"it \"is\" \\"}"#)
        revoked.withLock { $0 = true }
        #expect(await source.fetched(around) == .plain("sk-1"))
        #expect(requester.requests.suffix(3).map { $0.url.contains("login") } == [false, true, false])
    }

    @Test func logsInByATokenOfAnotherIssuerAndOfAPod() async throws {
        for (login, path) in [
            (BaoLogin.jwt(mount: "jwt", role: "gate", token: try SourceReference("env:T")), "jwt"),
            (.kubernetes(mount: "k8s/one", role: "gate", token: try SourceReference("env:T")), "k8s/one"),
        ] {
            let requester = ScriptedRequester { request, _ throws(FetchFailure) in
                Self.answer(200, request.url.contains("login") ? Self.login : Self.key)
            }
            let source = source { $0.login = login }
            #expect(await source.fetched(surroundings(requester, ["T": "a.b.c"])) == .plain("sk-1"))
            #expect(requester.requests.first?.url == "https://one.example:8200/v1/auth/\(path)/login")
            #expect(requester.requests.first?.text == #"{"role":"gate","jwt":"a.b.c"}"#)
        }
    }

    @Test func renewsItsTokenAtTwoThirdsOfItsTime() async throws {
        let requester = ScriptedRequester { request, _ throws(FetchFailure) in
            Self.answer(200, request.url.contains("/auth/") ? Self.login : Self.key)
        }
        let source = source { $0.login = .jwt(mount: "jwt", role: "gate", token: try! SourceReference("env:T")) }
        let around = surroundings(requester, ["T": "a.b.c"])
        func paths() -> [String] { requester.requests.map { String($0.url.split(separator: "/").last ?? "") } }
        _ = await source.fetched(around)
        clock.advance(599)
        _ = await source.fetched(around)
        #expect(paths() == ["login", "openai", "openai"])
        clock.advance(1)
        _ = await source.fetched(around)
        #expect(paths().suffix(2) == ["renew-self", "openai"])
        // Over: nothing is left to be renewed.
        clock.advance(900)
        _ = await source.fetched(around)
        #expect(paths().suffix(2) == ["login", "openai"])
    }

    @Test func encodesWhatCouldMeanSomethingElseInAURL() async {
        let requester = ScriptedRequester(200, Self.key)
        _ = await source { $0.path = "a b/../c?d#e%" }.fetched(surroundings(requester, Self.token))
        #expect(requester.requests.last?.url == "https://one.example:8200/v1/secret/data/a%20b/../c%3Fd%23e%25")
    }

    @Test func saysWhenALoginIsRefused() async throws {
        let source = source { $0.login = .jwt(mount: "jwt", role: "gate", token: try! SourceReference("env:T")) }
        let requester = ScriptedRequester(400, #"{"errors":["canary"]}"#)
        #expect(
            await source.fetched(surroundings(requester, ["T": "a.b.c"]))
                == .fault(.refused(label: label, reason: "login was answered with status 400"))
        )
    }
}
