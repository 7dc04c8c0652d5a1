/** Where clients that are built on spice-gtk look for CAs, below the home directory, before the system's. Source: spice-gtk 0.42 src/spice-option.c. */
export const spiceTrust = { directory: '.spicec', 'ca-certificate': 'spice_truststore.pem' } as const;

/** The directory of a user's own. */
export const spiceDirectory = (home: string): string => `${home.replace(/\/+$/, '')}/${spiceTrust.directory}`;
