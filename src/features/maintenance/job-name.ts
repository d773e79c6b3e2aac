/** What the queue calls the job that works off the runs. */
export const MAINTENANCE_JOB = 'maintenance';
