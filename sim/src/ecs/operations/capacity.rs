//! Clusters, capacity providers and container instances.

use super::super::api::{
    CapacityProvider, CapacityProviderStatus, CapacityProviderType, Cluster as Shown,
    ContainerInstanceStatus, CreateClusterRequest, CreateClusterResponse, DescribeCapacityProvidersRequest,
    DescribeCapacityProvidersResponse, DescribeClustersRequest, DescribeClustersResponse,
    DescribeContainerInstancesRequest, DescribeContainerInstancesResponse, ListClustersRequest,
    ListClustersResponse, ListContainerInstancesRequest, ListContainerInstancesResponse,
    UpdateContainerInstancesStateRequest, UpdateContainerInstancesStateResponse,
};
use super::super::capacity::{FARGATE, FARGATE_SPOT};
use super::super::error::ApiError;
use super::super::instance::Instance;
use super::super::names::last_segment;
use super::super::operation::Operation;
use super::super::service::ServiceStatus;
use super::super::state::Cluster;
use super::super::view::{View, missing, page};
use super::super::world::Ecs;
use super::Marks;

impl Ecs {
    pub(super) fn answer_create_cluster(
        &mut self,
        input: &CreateClusterRequest,
    ) -> Result<CreateClusterResponse, ApiError> {
        let name = input.cluster_name.clone().unwrap_or_else(|| "default".into());
        let arn = self.names.cluster(&name);
        let cluster = Cluster {
            capacity_providers: input.capacity_providers.clone(),
            default_strategy: input.default_capacity_provider_strategy.clone(),
        };
        self.state.clusters.entry(name.clone()).or_insert(cluster);
        let tags = input.tags.iter().filter_map(|tag| Some((tag.key.clone()?, tag.value.clone()?)));
        self.state.tags.entry(arn.clone()).or_default().extend(tags);
        self.note(Operation::CreateCluster, &arn, Marks::default(), input);
        let view = self.view_now();
        Ok(CreateClusterResponse {
            cluster: view.state.clusters.get(&name).map(|one| shown(view, &name, one)),
        })
    }

    pub(super) fn answer_list_clusters(
        &mut self,
        input: &ListClustersRequest,
    ) -> Result<ListClustersResponse, ApiError> {
        let view = self.view();
        let arns = view.state.clusters.keys().map(|name| view.names.cluster(name)).collect();
        let (cluster_arns, next_token) = page(arns, input.next_token.as_deref(), input.max_results);
        Ok(ListClustersResponse { cluster_arns, next_token })
    }

    pub(super) fn answer_describe_clusters(
        &mut self,
        input: &DescribeClustersRequest,
    ) -> Result<DescribeClustersResponse, ApiError> {
        let view = self.view();
        let default = ["default".to_owned()];
        let named = if input.clusters.is_empty() { &default[..] } else { &input.clusters };
        let mut answer = DescribeClustersResponse::default();
        for name in named.iter().map(|name| last_segment(name)) {
            match view.state.clusters.get(name) {
                Some(cluster) => answer.clusters.push(shown(view, name, cluster)),
                None => answer.failures.push(missing(view.names.cluster(name))),
            }
        }
        Ok(answer)
    }

    pub(super) fn answer_describe_capacity_providers(
        &mut self,
        input: &DescribeCapacityProvidersRequest,
    ) -> Result<DescribeCapacityProvidersResponse, ApiError> {
        let view = self.view();
        let known = || {
            let own = view.state.clusters.values().flat_map(|cluster| &cluster.capacity_providers);
            [FARGATE, FARGATE_SPOT].into_iter().chain(own.map(String::as_str))
        };
        let mut answer = DescribeCapacityProvidersResponse::default();
        let wanted: std::collections::BTreeSet<&str> = if input.capacity_providers.is_empty() {
            known().collect()
        } else {
            input.capacity_providers.iter().map(|name| last_segment(name)).collect()
        };
        for name in wanted {
            let arn = view.names.capacity_provider(name);
            if known().any(|known| known == name) {
                answer.capacity_providers.push(CapacityProvider {
                    capacity_provider_arn: Some(arn),
                    name: Some(name.to_owned()),
                    status: Some(CapacityProviderStatus::Active),
                    r#type: Some(match name {
                        FARGATE => CapacityProviderType::Fargate,
                        FARGATE_SPOT => CapacityProviderType::FargateSpot,
                        name if view.state.capacity.managed.contains(name) => {
                            CapacityProviderType::ManagedInstances
                        }
                        _ => CapacityProviderType::Ec2Autoscaling,
                    }),
                    ..CapacityProvider::default()
                });
            } else {
                answer.failures.push(missing(arn));
            }
        }
        Ok(answer)
    }

    pub(super) fn answer_describe_container_instances(
        &mut self,
        input: &DescribeContainerInstancesRequest,
    ) -> Result<DescribeContainerInstancesResponse, ApiError> {
        let view = self.view();
        let cluster = view.cluster(input.cluster.as_deref())?;
        let mut answer = DescribeContainerInstancesResponse::default();
        for name in &input.container_instances {
            match find(view, &cluster, name) {
                Some(instance) => {
                    answer.container_instances.push(view.instance(instance, !input.include.is_empty()));
                }
                None => {
                    answer
                        .failures
                        .push(missing(view.names.container_instance(&cluster, last_segment(name))));
                }
            }
        }
        Ok(answer)
    }

    pub(super) fn answer_list_container_instances(
        &mut self,
        input: &ListContainerInstancesRequest,
    ) -> Result<ListContainerInstancesResponse, ApiError> {
        let view = self.view();
        let cluster = view.cluster(input.cluster.as_deref())?;
        let ec2 = input.filter.as_deref().map(ec2_instance_of).transpose()?;
        let arns = view
            .state
            .instances
            .values()
            .filter(|instance| instance.cluster == cluster)
            .filter(|instance| input.status.is_none_or(|status| instance.status == status))
            .filter(|instance| ec2.is_none_or(|ec2| instance.ec2 == ec2))
            .map(|instance| instance.arn.clone())
            .collect();
        let (container_instance_arns, next_token) =
            page(arns, input.next_token.as_deref(), input.max_results);
        Ok(ListContainerInstancesResponse { container_instance_arns, next_token })
    }

    pub(super) fn answer_update_container_instances_state(
        &mut self,
        input: &UpdateContainerInstancesStateRequest,
    ) -> Result<UpdateContainerInstancesStateResponse, ApiError> {
        let cluster = self.view_now().cluster(input.cluster.as_deref())?;
        let mut answer = UpdateContainerInstancesStateResponse::default();
        for name in &input.container_instances {
            let Some(id) = find(self.view_now(), &cluster, name).map(|instance| instance.id.clone()) else {
                let arn = self.names.container_instance(&cluster, last_segment(name));
                answer.failures.push(missing(arn));
                continue;
            };
            self.set_instance_status(&id, input.status);
            let view = self.view_now();
            if let Some(instance) = view.state.instances.get(&id) {
                answer.container_instances.push(view.instance(instance, false));
                let arn = instance.arn.clone();
                self.note(Operation::UpdateContainerInstancesState, &arn, Marks::default(), input);
            }
        }
        Ok(answer)
    }

    /// ACTIVE or DRAINING.
    pub(in super::super) fn set_instance_status(&mut self, id: &str, status: ContainerInstanceStatus) {
        let changed = self.state.instances.get(id).is_some_and(|instance| instance.status != status);
        if changed {
            self.change_instance(id, |instance| instance.status = status);
            self.mark_leaving(id, status == ContainerInstanceStatus::Draining);
        }
    }
}

/// Of the cluster query language one expression is known: `ec2InstanceId == i-…` (Developer Guide, cluster query language).
fn ec2_instance_of(filter: &str) -> Result<&str, ApiError> {
    let words: Vec<&str> = filter.split_whitespace().collect();
    match words.as_slice() {
        ["ec2InstanceId", "==", instance] => Ok(instance),
        _ => Err(ApiError::unsupported_feature("Of filters only `ec2InstanceId == i-…` is known here.")),
    }
}

fn find<'a>(view: View<'a>, cluster: &str, name: &str) -> Option<&'a Instance> {
    view.state
        .instances
        .get(last_segment(name))
        .map(AsRef::as_ref)
        .filter(|instance| instance.cluster == cluster)
}

fn shown(view: View<'_>, name: &str, cluster: &Cluster) -> Shown {
    let count = |count: usize| Some(u32::try_from(count).unwrap_or(u32::MAX));
    let running =
        view.state.tasks_in(name).filter(|task| !task.is_stopped() && !task.last.is_pending()).count();
    let pending = view.state.tasks_in(name).filter(|task| task.last.is_pending()).count();
    let is_here = |service: &&std::sync::Arc<super::super::service::Service>| {
        service.cluster == name && service.status == ServiceStatus::Active
    };
    let arn = view.names.cluster(name);
    Shown {
        tags: view.tags_of(&arn),
        cluster_arn: Some(arn),
        cluster_name: Some(name.to_owned()),
        status: Some("ACTIVE".into()),
        registered_container_instances_count: count(
            view.state.instances.values().filter(|instance| instance.cluster == name).count(),
        ),
        running_tasks_count: count(running),
        pending_tasks_count: count(pending),
        active_services_count: count(view.state.services.values().filter(is_here).count()),
        capacity_providers: cluster.capacity_providers.clone(),
        default_capacity_provider_strategy: cluster.default_strategy.clone(),
        ..Shown::default()
    }
}
