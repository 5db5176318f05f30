// expect: initializer is inaccessible due to '@_spi' protection level
// SEC-002
import OstiaryCore

func forge(_ identity: Identity, _ route: Route) -> Permit {
    Permit(identity: identity, route: route, reasons: [])
}
