// expect: 'reservation' consumed more than once
import OstiaryCore

func settleTwice(_ reservation: consuming Reservation) {
    reservation.settle()
    reservation.settle()
}
