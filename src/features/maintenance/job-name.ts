/** The name, in the queue, of the job that processes the maintenance runs. */
export const MAINTENANCE_JOB = 'maintenance';
