//! What errors are called.

use super::{
    CONSEQUENCE, CREATE, DEPENDENCY, Families, HOST, INIT, MEMORY, NETWORK, PULL, RUNTIME, START, VOLUME,
};
use crate::diagnosis::cause::Cause;
use crate::diagnosis::text::Name;

const fn name(squeezed: &'static str, families: Families, otherwise: Option<Cause>) -> Name {
    Name { squeezed, families, otherwise }
}

/// Names of errors, and phrases that stand for a lost name. The first in the text decides, the longest at its place.
pub(in crate::diagnosis) const NAMES: &[Name] = &[
    name("cannotpullcontainerautherror", PULL, Some(Cause::ImageAccessDenied)),
    name("cannotpullcontainererror", PULL, Some(Cause::ImageRegistryUnreachable)),
    name("cannotpullecrcontainererror", PULL, Some(Cause::ImageRegistryUnreachable)),
    name("cannotpullimagemanifesterror", PULL, Some(Cause::ImageRegistryUnreachable)),
    name("cannotpullimageerror", PULL, Some(Cause::ImageRegistryUnreachable)),
    name("failedtopullimage", PULL, Some(Cause::ImageRegistryUnreachable)),
    name("unabletopullimage", PULL, Some(Cause::ImageRegistryUnreachable)),
    name("cantpulltheimage", PULL, Some(Cause::ImageRegistryUnreachable)),
    name("cannotpulltheimage", PULL, Some(Cause::ImageRegistryUnreachable)),
    name("errorpullingimage", PULL, Some(Cause::ImageRegistryUnreachable)),
    name("failedtoresolveref", PULL, Some(Cause::ImageRegistryUnreachable)),
    name("refpullhasbeenretried", PULL, Some(Cause::ImageRegistryUnreachable)),
    name("pullimagemanifesthasbeenretried", PULL, Some(Cause::ImageRegistryUnreachable)),
    name("inspectimagehasbeenretried", PULL, Some(Cause::ImageRegistryUnreachable)),
    name("resourceinitializationerror", INIT, None),
    name("unabletopullsecretsorregistryauth", INIT, None),
    name("executionresourceretrievalfailed", INIT, None),
    name("cannotstartcontainererror", START, Some(Cause::ContainerRuntimeFailed)),
    name("cannotcreatecontainererror", CREATE, Some(Cause::ContainerRuntimeFailed)),
    name("cannotcreatecontainerexecerror", RUNTIME, Some(Cause::ContainerRuntimeFailed)),
    name("cannotstartcontainerexecerror", RUNTIME, Some(Cause::ContainerRuntimeFailed)),
    name("cannotinspectcontainerexecerror", RUNTIME, Some(Cause::ContainerRuntimeFailed)),
    name("cannotstopcontainererror", RUNTIME, Some(Cause::ContainerRuntimeFailed)),
    name("cannotinspectcontainererror", RUNTIME, Some(Cause::ContainerRuntimeFailed)),
    name("cannotremovecontainererror", RUNTIME, Some(Cause::ContainerRuntimeFailed)),
    name("cannotdescribecontainererror", RUNTIME, Some(Cause::ContainerRuntimeFailed)),
    name("cannotlistcontainerserror", RUNTIME, Some(Cause::ContainerRuntimeFailed)),
    name("cannotlistimageserror", RUNTIME, Some(Cause::ContainerRuntimeFailed)),
    name("cannotlistpluginserror", RUNTIME, Some(Cause::ContainerRuntimeFailed)),
    name("cannotlistpluginswithfilterserror", RUNTIME, Some(Cause::ContainerRuntimeFailed)),
    name("cannotgetcontainertoperror", RUNTIME, Some(Cause::ContainerRuntimeFailed)),
    name("cannotgetdockerclientversionerror", RUNTIME, Some(Cause::ContainerRuntimeFailed)),
    name("cannotgetdockerclienterror", RUNTIME, Some(Cause::ContainerRuntimeFailed)),
    name("dockertimeouterror", RUNTIME, Some(Cause::ContainerRuntimeFailed)),
    name("dockerstateerror", RUNTIME, Some(Cause::ContainerRuntimeFailed)),
    name("containerruntimetimeouterror", RUNTIME, Some(Cause::ContainerRuntimeFailed)),
    name("containerruntimeerror", RUNTIME, Some(Cause::ContainerRuntimeFailed)),
    name("containervanishederror", RUNTIME, Some(Cause::ContainerRuntimeFailed)),
    name("nosuchcontainererror", RUNTIME, Some(Cause::ContainerRuntimeFailed)),
    name("impossiblestatetransitionerror", RUNTIME, Some(Cause::ContainerRuntimeFailed)),
    name("taskstateerror", RUNTIME, Some(Cause::ContainerRuntimeFailed)),
    name("internalerror", RUNTIME, Some(Cause::ContainerRuntimeFailed)),
    name("cannotcreatevolumeerror", VOLUME, Some(Cause::VolumeMountFailed)),
    name("cannotinspectvolumeerror", VOLUME, Some(Cause::VolumeMountFailed)),
    name("cannotremovevolumeerror", VOLUME, Some(Cause::VolumeMountFailed)),
    name("invalidvolumeerror", VOLUME, Some(Cause::VolumeMountFailed)),
    name("volumeerror", VOLUME, Some(Cause::VolumeMountFailed)),
    name("containernetworkingerror", NETWORK, Some(Cause::NetworkInterfaceFailed)),
    name("networknamespaceerror", NETWORK, Some(Cause::NetworkInterfaceFailed)),
    name("hostconfigerror", HOST, Some(Cause::TaskConfigInvalid)),
    name("dockerclientconfigerror", HOST, Some(Cause::TaskConfigInvalid)),
    name("unrecognizedtransportprotocol", HOST, Some(Cause::TaskConfigInvalid)),
    name("unparsableport", HOST, Some(Cause::TaskConfigInvalid)),
    name("taskdependencyerror", DEPENDENCY, Some(Cause::DependencyFailed)),
    name("outofmemoryerror", MEMORY, Some(Cause::OutOfMemory)),
    name("taskstoppedbeforepullbeginerror", CONSEQUENCE, None),
];
