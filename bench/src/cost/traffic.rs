//! How much happens in a month: a stated mix, by the service.

/// Hours of a month.
pub const HOURS: f64 = 730.0;
/// Minutes of a month.
pub const MINUTES: f64 = HOURS * 60.0;
/// Days of a month.
pub const DAYS: f64 = HOURS / 24.0;

/// What happens to each service, on average.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Traffic {
    /// Services that are looked after.
    pub services: f64,
    /// Tasks that a service stops on purpose, and others that begin in their place, a day: scaling in and out.
    pub replaced_a_day: f64,
    /// Deployments a week.
    pub deployed_a_week: f64,
    /// Times a month that ECS calls it steady, besides.
    pub steady_a_month: f64,
    /// Incidents a month.
    pub incidents_a_month: f64,
    /// Of these, deployments that fail and are gone back on.
    pub remedied_a_month: f64,
    /// Jobs for each service; each runs once a day.
    pub jobs: f64,
    /// Services that follow a queue, for each service.
    pub scaled: f64,
    /// Orders a day of each of those.
    pub orders_a_day: f64,
}

impl Traffic {
    /// The mix of a company that deploys twice a week, for so many services.
    pub fn of(services: u32) -> Self {
        Self {
            services: f64::from(services),
            replaced_a_day: 3.0,
            deployed_a_week: 2.0,
            steady_a_month: 10.0,
            incidents_a_month: 0.5,
            remedied_a_month: 0.05,
            jobs: 0.1,
            scaled: 0.05,
            orders_a_day: 20.0,
        }
    }

    /// Nothing but so many services that follow a queue each.
    pub fn of_queues(services: u32) -> Self {
        Self {
            services: f64::from(services),
            replaced_a_day: 0.0,
            deployed_a_week: 0.0,
            steady_a_month: 0.0,
            incidents_a_month: 0.0,
            remedied_a_month: 0.0,
            jobs: 0.0,
            scaled: 1.0,
            orders_a_day: 20.0,
        }
    }

    /// Tasks replaced in a month, of all services.
    pub fn replaced(&self) -> f64 {
        self.services * self.replaced_a_day * DAYS
    }

    /// Deployments in a month.
    pub fn deployed(&self) -> f64 {
        self.services * self.deployed_a_week * DAYS / 7.0
    }

    /// Steady states in a month.
    pub fn steady(&self) -> f64 {
        self.services * self.steady_a_month
    }

    /// Incidents in a month that nothing is done about.
    pub fn incidents(&self) -> f64 {
        self.services * (self.incidents_a_month - self.remedied_a_month)
    }

    /// Incidents in a month that are remedied.
    pub fn remedied(&self) -> f64 {
        self.services * self.remedied_a_month
    }

    /// Runs of jobs in a month.
    pub fn runs(&self) -> f64 {
        self.services * self.jobs * DAYS
    }

    /// Services that follow a queue.
    pub fn scaled(&self) -> f64 {
        self.services * self.scaled
    }

    /// Orders in a month.
    pub fn orders(&self) -> f64 {
        self.scaled() * self.orders_a_day * DAYS
    }
}
