import OstiaryCore
import OstiaryTesting

@testable import OstiaryVault

/// A vault over scripted sources, with a clock that the test moves.
struct LendingKit {
    let clock: ManualClock
    let notices: Notices
    let engine: LendingEngine
    let vault: Vault
    let permit = Permit.sample()

    init(_ scripts: [Script], weights: [Int] = [], _ change: (inout RefreshPlan) -> Void = { _ in }) throws {
        let (clock, notices) = (ManualClock(), Notices())
        (self.clock, self.notices) = (clock, notices)
        engine = LendingEngine(clock: clock, jitter: { 0.5 }, notice: { notices.take($0) })
        var plan = RefreshPlan()
        change(&plan)
        let plans = scripts.enumerated().map { index, script in
            KeyPlan(
                SourceReference(ScriptedSource(name: "\(index)", script: script)),
                refresh: plan,
                weight: weights.indices.contains(index) ? weights[index] : 1
            )
        }
        vault = try Vault(["openai": plans], Surroundings(environment: [:]), engine: engine)
    }

    /// The key that would be lent now; `nil` for none.
    var lent: String? {
        guard let loan = try? vault.lend("openai", for: permit) else { return nil }
        return Self.text(loan)
    }

    static func text(_ loan: borrowing Loan) -> String {
        loan.withBytes { bytes in String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self) }
    }

    /// Says that a provider has refused a key, and what is lent in its place.
    static func refuse(_ key: SecretHolder, isForbidden: Bool = false) async -> String? {
        guard let loan = await key.lender?.refused(key, isForbidden: isForbidden) else { return nil }
        return text(loan)
    }

    static func throttle(_ key: SecretHolder, _ seconds: Double? = nil) -> String? {
        guard let loan = key.lender?.throttled(key, seconds: seconds) else { return nil }
        return text(loan)
    }

    func key() throws -> SecretHolder { try vault.lend("openai", for: permit).key }

    var status: [KeyStatus] { vault.status("openai") }
    var state: KeyStatus.State? { status.first?.state }
}
