// expect: cannot assign to property: 'route' is a 'let' constant
// SEC-003
import OstiaryCore

// What was asked is read once; no later step can make another call of it.
func change(_ call: Call, _ route: Route) {
    call.route = route
}
