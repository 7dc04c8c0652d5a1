/** Stands in for React's developer tools, which Ink asks for by name and a released program has no use for. */
export default undefined;
