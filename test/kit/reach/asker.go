package reach

// asker answers many questions in a row. It keeps the ways between subnets, and the
// room in which flows are cut. It is for one goroutine.
type asker struct {
	m     *Model
	known map[subnets][2][]way
	flow  [2][]Flow
	box   [8]box
}

type subnets struct{ from, to *subnet }

// mostWays bounds what an asker keeps: about 3 KiB each.
const mostWays = 1 << 14

// legs are the ways there and back between two subnets.
func (k *asker) legs(from, to *subnet) (there, back []way) {
	key := subnets{from, to}
	ways, ok := k.known[key]
	if !ok {
		if k.known == nil || len(k.known) >= mostWays {
			k.known = map[subnets][2][]way{}
		}
		ways = [2][]way{k.m.legs(from, to, thereway), k.m.legs(to, from, backway)}
		k.known[key] = ways
	}
	return ways[0], ways[1]
}

// flows are all that pass of a question.
func (k *asker) flows(q Pair) []Flow {
	if q.from.host != nil && q.to.host != nil {
		return k.inside(q)
	}
	var out []Flow
	for _, w := range k.m.ways(q) {
		k.start(q, w.via)
		if k.pass(w.stages, q.v6) {
			out = append(out, k.flow[0]...)
		}
	}
	return out
}

// inside are the flows between two hosts, by the same ways as Model.between lists.
func (k *asker) inside(q Pair) []Flow {
	from, to := q.from.host, q.to.host
	// With every group known to the other, the groups of the two let nothing of most
	// pairs pass.
	k.start(q, nil)
	if !k.one(groupStage(to, from, false, true, requestFrom), q.v6) || !k.one(groupStage(from, to, true, true, requestTo), q.v6) {
		return nil
	}
	var out []Flow
	there, back := k.legs(from.subnet, to.subnet)
	for _, t := range there {
		for _, b := range back {
			k.start(q, t.via)
			if k.one(groupStage(from, to, true, t.refsOut, requestTo), q.v6) && k.pass(t.stages, q.v6) &&
				k.one(groupStage(to, from, false, t.refs, requestFrom), q.v6) && k.pass(b.stages, q.v6) {
				out = append(out, k.flow[0]...)
			}
		}
	}
	return out
}

// start takes up a question, on its way by via.
func (k *asker) start(q Pair, via []string) {
	k.flow[0] = append(k.flow[0][:0], q.Asked)
	k.flow[0][0].Via = via
}

// pass cuts what is left by stages; false, when nothing is left.
func (k *asker) pass(stages []stage, v6 bool) bool {
	for i := range stages {
		if !k.cut(&stages[i], v6) {
			return false
		}
	}
	return true
}

func (k *asker) one(s stage, v6 bool) bool { return k.cut(&s, v6) }

func (k *asker) cut(s *stage, v6 bool) bool {
	k.flow[1] = s.cut(k.flow[1][:0], k.flow[0], v6, k.box[:0])
	k.flow[0], k.flow[1] = k.flow[1], k.flow[0]
	return len(k.flow[0]) > 0
}
