package backup

import "slices"

// List answers the points of a target, the newest first; none where no backup was
// taken yet. It needs no key: it says
// what the manifest says, after checking that the manifest is signed by the key
// that it names. Whether that is the practice's key, Verify tells.
func List(dir string) ([]Point, error) {
	m, taken, err := manifestOf(dir)
	if !taken {
		return nil, err
	}
	points := slices.Clone(m.Points)
	slices.Reverse(points)
	return points, nil
}
