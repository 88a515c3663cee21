package protocol

import "strings"

// ordinary are words of their own that look like a typing error of a word that
// the shipped red flags consist of: "month" is not "mouth". They were chosen from
// the words of a dictionary that came near one, for what is said on an office's
// phone. A form of the meant word, or one that is as dangerous, is not here.
var ordinary = wordSet(`
access append appended accident accidental amusing
beach breach batter buttery bedding beeping bending blending blessing blinding breeding breading booking breadth braised
check cheek cheat chess crest cooking cleared clearer cleaned coughing crossing crashing crunching causing cruising cursing
confession confessed confined conclusion concession contusion confirmed constitution constituent construction contracting contractors contradictions
crop coup crowd crow clown crown clinical comical chili chile couch coach cough
drawing dropping draining drilling dropped drawling drooling drowning downing
elegant extradition extracting
failing fasting fitting finding fanning fainter faith fewer feinted
gauge gaze grasping gaping grinding greeting grinning granting
hear heard heat heron herons heroine hearty heartache hemorrhoid hemorrhoids hire hires homeless
infusion inclusion invasion injection injections injecting inspection insertion intention invention induction inhaler inhalers
jello jerk
lactation lever lose looked lucked locker locket limitless listens
magic manga manila maria medicare messed misses minus month moth meditation medium
overdue overdo overdoes overdone overcome overseas oversee oversight
peeing peeking plan plane plans plank pulley polls pulls piles prison prisoner prisoners pencilling
raced rated rapid raked raving
section sent station sensation seeking seeming sewing shaking soaping short shot shout shook skill sheep sleek steep
slurping starring stirring spending speeding screaming spraying streaming speaking stains stars stared stated starter staff stuff
stretches switched switches strange stranger stranded struggled strike strode stick stack stock struck strung stunt sung
shallow sweeping swearing seating smelling spelling selling sealing spilling
table tablet tables tale tenth threat temperate textile toot trevor
visiting voting weeding weeping wheeling widow withdraw withdrew woods wards works worlds worms would
`)

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(words) {
		set[w] = true
	}
	return set
}
