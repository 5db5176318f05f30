import OstiaryCharter
import OstiaryCore
import OstiaryIdentity
import OstiaryJournal
import OstiaryModels
import OstiaryPurse
import OstiaryVault

/// What the corridors of all event loops share: the rooms behind it, each in its one instance.
struct Rooms: Sendable {
    let clock: any GateClock
    let verifier: TokenVerifier
    let bearer: BearerAuthenticator
    let failures: FailureLimiter
    let charter: Charter
    let purse: Purse
    let models: Models
    let vault: Vault
    let journal: Journal
}
