package census

// Replace puts the listers in the place of all that are registered, and returns
// what puts those back.
func Replace(listers ...Lister) (restore func()) {
	registry.Lock()
	saved, byType, parts := registry.listers, registry.byType, registry.parts
	registry.listers, registry.byType, registry.parts = nil, nil, nil
	registry.Unlock()
	Register(listers...)
	return func() {
		registry.Lock()
		defer registry.Unlock()
		registry.listers, registry.byType, registry.parts = saved, byType, parts
	}
}
