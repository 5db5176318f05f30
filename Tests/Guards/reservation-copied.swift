// expect: 'reservation' is borrowed and cannot be consumed
import OstiaryCore

func keep(_ reservation: borrowing Reservation) -> Reservation {
    reservation
}
