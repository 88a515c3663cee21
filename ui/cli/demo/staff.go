package demo

// person is somebody of the made-up practice. Their passwords are printed: the
// practice is gone with the demo.
type person struct {
	name, full, role, mail, password, does string
}

var staff = []person{
	{"rosa", "Rosa Delgado", "", "", "paper lantern over a quiet harbour", "front desk and office manager"},
	{"ana", "Ana Brandt", "call-taker", "", "seven grey herons on the river", "takes calls after hours"},
	{"okafor", "Dr. Okafor", "provider", "okafor@cedarstreet.example", "marble stairs and an open door", "on call first"},
	{"lindqvist", "Dr. Lindqvist", "provider", "lindqvist@cedarstreet.example", "a field of late white clover", "on call second"},
}

func byName(name string) person {
	for _, p := range staff {
		if p.name == name {
			return p
		}
	}
	return person{}
}
