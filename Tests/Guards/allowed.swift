// The proper way through the corridor compiles.
import OstiaryCharter
import OstiaryCore
import OstiaryPurse
import OstiaryVault

func pass(
    _ charter: Charter,
    _ purse: Purse,
    _ vault: Vault,
    _ identity: Identity,
    _ call: Call,
    at time: MonotonicTime
) throws(GateError) -> Int {
    let permit = try charter.permit(identity, call)
    let reservation = try purse.reserve(permit, at: time)
    let loan = try vault.lend("openai", for: permit)
    let count = loan.withBytes { $0.count }
    reservation.settle()
    return count
}
