/** A route sets this in its `detail` when its success can have charged something. It stays out of the document. */
export const chargeMark = "x-charges";
