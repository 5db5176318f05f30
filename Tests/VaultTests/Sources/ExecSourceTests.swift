import Foundation
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryVault

/// Real children: small programs of the system.
@Suite struct ExecSourceTests {
    private let clock = ManualClock()

    private func surroundings(_ environment: [String: String] = ["PATH": "/usr/bin:/bin"]) -> Surroundings {
        Surroundings(environment: environment, engine: LendingEngine(clock: clock))
    }

    private func printed(_ text: String) async -> Fetched {
        await ExecSource(command: ["printf", "%s", text]).fetched(surroundings())
    }

    private func refusal(_ reason: String) -> Fetched { .fault(.refused(label: "command printf", reason: reason)) }

    @Test func readsAPlainLine() async {
        #expect(await printed("sk-1\n") == .plain("sk-1\n"))
        #expect(await printed("") == .fault(.empty(label: "command printf")))
        #expect(await printed(" \n") == .fault(.empty(label: "command printf")))
    }

    private static let ends = Fetched.key("sk-1", life: nil, expires: 1_795_309_323)
    private static let credential =
        #"{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","#
        + #""status":{"token":"sk-1","expirationTimestamp":"2026-11-22T01:02:03Z"}}"#

    @Test(arguments: [
        #"{"token":"sk-1"}"#, #"{"api_key":"sk-1","other":[1,{}]}"#, #"{"status":{"token":"sk-1"}}"#,
    ])
    func readsADocumentWithoutAnEnd(_ text: String) async {
        #expect(await printed(text) == Fetched.plain("sk-1"))
    }

    @Test(arguments: [
        #"{"token":"sk-1","expires_at":"2026-11-22T01:02:03Z"}"#, #"{"token":"sk-1","expires_at":1795309323}"#,
        #"{"token":"sk-1","expires_at":1795309323000}"#, #"{"token":"sk-1","Expiration":"2026-11-22T01:02:03Z"}"#,
        credential,
    ])
    func readsADocumentWithAnEnd(_ text: String) async {
        #expect(await printed(text) == Self.ends)
    }

    @Test func readsADocumentWithALife() async {
        let text = #"{"access_token":"sk-1","expires_in":3600}"#
        #expect(await printed(text) == Fetched.key("sk-1", life: 3600, expires: nil))
    }

    @Test(arguments: [
        (#"{"nothing":1}"#, "it printed JSON without token, api_key or access_token"),
        (#"{"kind":"ExecCredential","status":{}}"#, "it printed JSON without token, api_key or access_token"),
        (#"{"token":"sk-canary""#, "it printed JSON of a form that is not known"),
        // A moment that is not understood is not taken for none.
        (#"{"token":"sk-canary","expires_at":"tomorrow"}"#, "it printed JSON of a form that is not known"),
        (
            #"{"Version":1,"AccessKeyId":"AKIA","SecretAccessKey":"canary"}"#,
            "it printed credentials of AWS, which are no provider's key"
        ),
        (
            #"{"Version":2,"AccessKeyId":"AKIA","SecretAccessKey":"canary"}"#,
            "it printed JSON of a form that is not known"
        ),
    ])
    func refusesEveryOtherDocument(_ text: String, _ reason: String) async {
        #expect(await printed(text) == refusal(reason))
    }

    @Test func saysWhyACommandFailedWithoutAnythingSecret() async {
        let source = ExecSource(
            command: ["echo not signed in, sk-proj-CANARY1234567890abcdef >&2; echo \"hush $HUSH\" >&2; exit 3"],
            shell: true,
            passing: ["HUSH"]
        )
        let kept = KeptVariables()
        kept.keep("HUSH", value: Array("quiet-please".utf8).span)
        let around = Surroundings(
            environment: ["PATH": "/usr/bin:/bin"],
            kept: kept,
            engine: LendingEngine(clock: clock)
        )
        let expected = "exited(3): not signed in, [hidden] hush [hidden]"
        #expect(await source.fetched(around) == .fault(.unreadable(label: "command sh", reason: expected)))
    }

    @Test func saysWhenThereIsNoSuchProgram() async {
        for name in ["no-such-program-here", "/no/such/program", ""] {
            guard case .fault(let fault) = await ExecSource(command: [name]).fetched(surroundings()) else {
                Issue.record("it ran")
                return
            }
            #expect("\(fault)".contains(name.isEmpty ? "is not there" : "program"))
        }
    }

    @Test func aCommandSeesOnlyWhatItIsGiven() async {
        let kept = KeptVariables()
        kept.keep("TOKEN_FOR_IT", value: Array("t".utf8).span)
        kept.keep("ANOTHER", value: Array("canary".utf8).span)
        let around = Surroundings(
            environment: ["PATH": "/usr/bin:/bin", "HOME": "/h", "OPENAI_API_KEY": "canary"],
            kept: kept,
            engine: LendingEngine(clock: clock)
        )
        let source = ExecSource(command: ["env | sort | tr '\\n' ' '"], shell: true, passing: ["TOKEN_FOR_IT"])
        guard case .key(let seen, _, _) = await source.fetched(around) else {
            Issue.record("it failed")
            return
        }
        #expect(!seen.contains("canary"))
        let names = Set(seen.split(separator: " ").compactMap { $0.split(separator: "=").first.map(String.init) })
        #expect(names.subtracting(["PWD", "SHLVL", "_", "OLDPWD"]) == ["PATH", "HOME", "TOKEN_FOR_IT"])
    }

    @Test func itsStandardInputHoldsNothing() async {
        #expect(await ExecSource(command: ["cat; echo done"], shell: true).fetched(surroundings()) == .plain("done\n"))
    }

    @Test func takesNoMoreThanAKeyCanBe() async {
        let source = ExecSource(command: ["yes"])
        #expect(
            await source.fetched(surroundings())
                == .fault(.tooLarge(label: "command yes", limit: ChildCommand.mostOutput))
        )
    }

    @Test func aFloodOfComplaintsIsDrained() async {
        let source = ExecSource(command: ["yes complaint | head -c 1000000 >&2; echo sk-1"], shell: true)
        #expect(await source.fetched(surroundings()) == .plain("sk-1\n"))
    }

    @Test func aCommandThatHangsIsEndedWithItsChildren() async throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("pid-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: file) }
        // It shrugs off the polite signal, and so does its child.
        let line = "trap '' TERM; sleep 1000 & echo $! > \(file); wait; sleep 1000"
        let plan = KeyPlan(SourceReference(ExecSource(command: [line], shell: true)))
        let vault = try Vault(["openai": [plan]], surroundings(), engine: LendingEngine(clock: clock))
        let reading = Task { await vault.refresh("openai") }
        var child: pid_t = 0
        try await wait(for: "the child") {
            child = (try? String(contentsOfFile: file, encoding: .utf8)).flatMap { pid_t($0.dropLast()) } ?? 0
            return child > 0 && clock.sleeping == 1
        }
        clock.advance(10)
        #expect(await reading.value == [.failed(.timedOut(label: "command sh"))])
        try await wait(for: "the child's end") { kill(child, 0) != 0 && errno == ESRCH || isZombie(child) }
    }

    private func isZombie(_ process: pid_t) -> Bool {
        let status = (try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)) ?? ""
        return status.contains(") Z ")
    }

    @Test func itsLabelHoldsNoArgument() {
        #expect(ExecSource(command: ["/opt/bin/op", "read", "canary"]).label == "command op")
    }
}
