/** The variable in which the set-up tells the test files where to write down which operations they exercised. */
export const EXERCISED_OPERATIONS = 'DRYDOCK_TEST_OPERATIONS';
