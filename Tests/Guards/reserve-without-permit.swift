// expect: cannot convert value of type 'Identity' to expected argument type 'Permit'
// SEC-002
import OstiaryCore
import OstiaryPurse

func reserve(_ purse: Purse, _ identity: Identity, at time: MonotonicTime) throws {
    try purse.reserve(identity, at: time).settle()
}
