//! What certman delivers to other programs, settled: the paths of bundle and identity, the passphrase, the proxy. Shared by every
//! command that hands an environment on. Brings the bundle up to date where its sources have changed; prints nothing.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::bundle::{Built, out, outputs, sources};
use super::stamp::Stamp;
use super::stores::{Asking, Wishes};
use super::{full, identity, java, proxy};
use crate::cli::args::LimitArguments;
use crate::cli::failure::Failure;
use crate::config::Settings;
use crate::exports::Content as Exported;
use crate::pki::bundle::{Place, Rules, loads_everywhere};
use crate::pki::container::{self, Content as Item};
use crate::pki::key::Content;
use crate::proxy::Url;
use crate::report::{Cause, Report, Severity};
use crate::secret::Passphrase;
use crate::source;
use crate::sys::Host;
use crate::sys::fs;

/// What is asked of [`values`].
pub struct Request<'a> {
    /// How much work the key may demand where it is opened.
    pub limits: &'a LimitArguments,
    /// Take the bundle as it is, even where its sources have changed.
    pub no_refresh: bool,
    /// Deliver nothing that takes a secret: a sealed key stays out, together with its certificate. No passphrase is asked for.
    pub public_only: bool,
    /// Write nothing: a bundle that is missing or stale counts as made.
    pub rehearse: bool,
    /// Open the key and match it with the certificate first.
    pub verify: bool,
}

/// What is delivered; none of a thing that is not configured.
#[derive(Default)]
pub struct Values {
    /// The extra bundle.
    pub bundle: Option<PathBuf>,
    /// The client's certificate chain.
    pub certificate: Option<PathBuf>,
    /// The full bundle, where a variable is wanted that replaces a client's roots.
    pub full: Option<PathBuf>,
    /// The options for every Java program, where they are wanted.
    pub java_options: Option<Vec<u8>>,
    /// The client's private key.
    pub key: Option<PathBuf>,
    /// The addresses of the proxy, and the hosts that go around it.
    pub proxy: Proxies,
    /// The passphrase of a sealed key.
    pub passphrase: Option<Passphrase>,
    /// The sealed key that stayed out, where nothing was to be delivered that takes a secret.
    pub withheld_key: Option<PathBuf>,
}

/// What goes into the variables of the proxy.
#[derive(Default)]
pub struct Proxies {
    /// The hosts that are reached without it.
    pub exceptions: Option<String>,
    /// For `http://`.
    pub http: Option<Url>,
    /// For `https://`.
    pub https: Option<Url>,
}

impl Values {
    /// The bytes that a variable of this content gets; none where there is nothing to deliver.
    pub fn value(&self, content: Exported) -> Option<&[u8]> {
        match content {
            Exported::ClientCertificate => bytes(&self.certificate),
            Exported::ClientKey => bytes(&self.key),
            Exported::ClientKeyPassphrase => self.passphrase.as_ref().map(Passphrase::expose_secret),
            Exported::ExtraBundle => bytes(&self.bundle),
            Exported::FullBundle => bytes(&self.full),
            Exported::HttpProxy => self.proxy.http.as_ref().map(|url| url.bytes.as_slice()),
            Exported::HttpsProxy => self.proxy.https.as_ref().map(|url| url.bytes.as_slice()),
            Exported::JavaOptions => self.java_options.as_deref(),
            Exported::NoProxy => self.proxy.exceptions.as_ref().map(String::as_bytes),
            Exported::ProxySwitch => {
                (self.proxy.http.is_some() || self.proxy.https.is_some()).then_some(b"1".as_slice())
            }
        }
    }

    /// Which part of that value is never shown to a person; none where all of it may be.
    pub fn secret(&self, content: Exported) -> Option<Range<usize>> {
        match content {
            Exported::ClientKeyPassphrase => Some(0..self.value(content)?.len()),
            Exported::HttpProxy => self.proxy.http.as_ref()?.password.clone(),
            Exported::HttpsProxy => self.proxy.https.as_ref()?.password.clone(),
            Exported::ClientCertificate
            | Exported::ClientKey
            | Exported::ExtraBundle
            | Exported::FullBundle
            | Exported::JavaOptions
            | Exported::NoProxy
            | Exported::ProxySwitch => None,
        }
    }
}

/// Settles all values; asks for the passphrase last, and only where the key is sealed.
///
/// # Errors
/// Where one of them cannot be had, and where there is none at all: then nothing is delivered.
pub fn values(
    request: &Request<'_>,
    settings: &Settings,
    host: &mut Host,
    report: &mut Report,
) -> Result<Values, Failure> {
    let mut values = without_identity(request, settings, host, report)?;
    // Nobody is asked for the passphrase of a key that no client of those that are meant reads.
    let is_read = settings.families.variables().any(|variable| variable.content.is_of_identity());
    match (&settings.cert, &settings.key) {
        (None, None) => {}
        _ if !is_read && (request.public_only || !request.verify) => {}
        (Some(_), Some(key)) if request.public_only && is_sealed(&key.value)? => {
            values.withheld_key = Some(fs::without_parents(&key.value));
        }
        (Some(certificate), Some(key)) => {
            values.passphrase = passphrase(request, settings, &certificate.value, &key.value, host, report)?;
            values.certificate = Some(fs::without_parents(&certificate.value));
            values.key = Some(fs::without_parents(&key.value));
        }
        (certificate, _) => {
            let (given, missing) =
                if certificate.is_some() { ("certificate", "client.key") } else { ("key", "client.cert") };
            return Err(Failure::new(format!("there is a client {given}, and no {missing} to go with it"))
                .hint(format!("set {missing} in certman.toml")));
        }
    }
    let is_passed_over = !is_read && (settings.cert.is_some() || settings.key.is_some());
    let is_nothing = values.bundle.is_none() && values.certificate.is_none() && settings.proxy.is_none();
    if is_nothing && is_passed_over {
        let clients = &settings.families;
        return Err(Failure::new(format!("there is nothing to export for {clients}: no sources, no bundle"))
            .hint("set bundle.sources in certman.toml; of these clients none takes a client certificate by a variable"));
    }
    if is_nothing && values.withheld_key.is_none() {
        return Err(Failure::new("there is nothing to export: no sources, no bundle, no client certificate")
            .hint("write a certman.toml (certman.toml(5)), or name one with --config"));
    }
    Ok(values)
}

/// Settles all values but those of the identity.
///
/// # Errors
/// Where one of them cannot be had.
pub fn without_identity(
    request: &Request<'_>,
    settings: &Settings,
    host: &mut Host,
    report: &mut Report,
) -> Result<Values, Failure> {
    let bundle = bundle(request, settings, host, report)?;
    let mut values = Values { bundle: bundle.map(|path| fs::without_parents(&path)), ..Values::default() };
    replacements(request, settings, host, report, &mut values)?;
    values.proxy = proxy::proxies(settings, request.public_only, host, report)?;
    Ok(values)
}

/// What replaces the roots of a client, where somebody wants a variable for that. Without a company's CA there is nothing to
/// add to those roots, and they stay as they are.
fn replacements(
    request: &Request<'_>,
    settings: &Settings,
    host: &mut Host,
    report: &mut Report,
    values: &mut Values,
) -> Result<(), Failure> {
    let wants = |content| settings.families.variables().any(|variable| variable.content == content);
    let wanted = settings.families.variables().filter(|variable| variable.content.needs_full_bundle());
    let names: Box<[&str]> = wanted.map(|variable| variable.name).collect();
    if names.is_empty() {
        return Ok(());
    }
    if !may_replace(settings) {
        // Who has a company's CA and wants a variable for it would wait for it in vain.
        if values.bundle.is_some() {
            report.find(None, Cause::FullBundleNotMade { names });
        }
        return Ok(());
    }
    if request.rehearse {
        let full = settings.full.as_ref().filter(|_| wants(Exported::FullBundle));
        values.full = full.map(|full| fs::without_parents(&full.value));
        return Ok(());
    }
    let full = fs::without_parents(&full::ensure(settings, request.no_refresh, host, report)?);
    if wants(Exported::JavaOptions)
        && let Some(java) = &settings.java
    {
        java::ensure(&full, &java.value, host)?;
        let existing = host.environment.value(JAVA_TOOL_OPTIONS);
        values.java_options = java::options(existing, Some(&fs::without_parents(&java.value)))?;
    }
    values.full = wants(Exported::FullBundle).then_some(full);
    Ok(())
}

/// Whether there is anything that could replace the roots of a client.
pub(super) fn may_replace(settings: &Settings) -> bool {
    !settings.sources.is_empty() || settings.full.as_ref().is_some_and(|full| fs::state(&full.value).is_ok())
}

/// The path of the bundle, brought up to date where its sources have changed. None where there is neither a source nor a
/// bundle.
fn bundle(
    request: &Request<'_>,
    settings: &Settings,
    host: &mut Host,
    report: &mut Report,
) -> Result<Option<PathBuf>, Failure> {
    if settings.sources.is_empty() {
        let Some(configured) = settings.out.as_ref().filter(|out| fs::state(&out.value).is_ok()) else {
            return Ok(None);
        };
        must_be_usable(&configured.value, report)?;
        return Ok(Some(configured.value.clone()));
    }
    let (sources, out) = (sources(settings)?, out(settings)?);
    if out == Path::new("-") {
        return Err(Failure::usage("an environment variable cannot hold the bundle itself")
            .hint("name a file in bundle.out"));
    }
    let exists = fs::state(out).is_ok();
    if request.rehearse {
        return Ok(Some(out.to_owned()));
    }
    if request.no_refresh && exists {
        must_be_usable(out, report)?;
        return Ok(Some(out.to_owned()));
    }
    let stamp = Stamp::of_sources(&sources, &outputs(settings), &host.roots);
    if exists && stamp.as_ref().is_some_and(|stamp| stamp.is_fresh(out, host.now)) {
        return Ok(Some(out.to_owned()));
    }
    if request.no_refresh {
        return Err(Failure::new(format!("the bundle '{}' is not there", out.display()))
            .hint("make it with `certman bundle`, or leave out --no-refresh"));
    }
    let mut found = Report::default();
    let rules = Rules { keep_expired: false, now: host.now };
    let limits = request.limits.limits();
    let wishes = Wishes { asking: Asking::Never, limits, ..Wishes::of(settings) };
    let built = Built::from_sources(&sources, &outputs(settings), rules, wishes, host, &mut found);
    let failure = if found.worst() < Severity::Critical {
        match built.publish(out) {
            Ok(_) => {
                if let Some(stamp) = stamp {
                    stamp.write(&built, out, host.now);
                }
                None
            }
            Err(failure) => Some(failure),
        }
    } else {
        Some(Failure::new("the bundle cannot be made from its sources"))
    };
    match failure {
        None => *report = found,
        // The last good bundle is better than none: what was trusted yesterday is trusted for one more day.
        Some(failure) if exists => {
            if let Err(useless) = must_be_usable(out, &mut found) {
                return Err(Failure { hint: failure.hint, ..useless }.with_findings(found));
            }
            *report = found;
            for finding in &mut report.findings {
                finding.severity = finding.severity.min(Severity::Warning);
            }
            report.find(None, Cause::BundleKept { path: out.display().to_string().into() });
        }
        Some(failure) => {
            *report = found;
            return Err(failure.with_findings(std::mem::take(report)));
        }
    }
    // At every shell start only what needs attention is said; `certman bundle` says the rest.
    report
        .findings
        .retain(|finding| finding.severity >= Severity::Warning && finding.cause.matters_at_shell_start());
    Ok(Some(out.to_owned()))
}

/// A bundle that is exported without being made anew has to hold a certificate: with a file that holds none, clients fail
/// on every connection, also to public hosts (CLIENTS.md, bundle, rule 3). What else is the matter with it is noted.
///
/// # Errors
/// Where it cannot be read, or holds no certificate.
fn must_be_usable(out: &Path, report: &mut Report) -> Result<(), Failure> {
    let failed = |why: String| {
        Failure::new(format!("the bundle '{}' cannot be used: {why}", out.display()))
            .hint("make it anew with `certman bundle`")
    };
    let mut text = Vec::new();
    fs::read_into(out, &mut text, source::LIMIT).map_err(|error| failed(error.to_string()))?;
    let mut holds_any = false;
    container::scan(&text, &mut |item| holds_any |= matches!(item.content, Item::Certificate(_)));
    if !holds_any {
        return Err(failed("it holds no certificate, and every connection would fail".into()));
    }
    if let Err(why) = loads_everywhere(&text) {
        let place = Place { file: report.file(out.to_owned()), index: 1, line: None };
        report.find_as(Severity::Warning, Some(place), Cause::BundleUnloadable { why });
    }
    Ok(())
}

/// The passphrase, asked for only where the key is sealed.
fn passphrase(
    request: &Request<'_>,
    settings: &Settings,
    certificate: &Path,
    key: &Path,
    host: &mut Host,
    report: &mut Report,
) -> Result<Option<Passphrase>, Failure> {
    if let Err(error) = fs::state(certificate) {
        return Err(Failure::new(format!(
            "client certificate '{}' cannot be read: {error}",
            certificate.display()
        ))
        .hint("set client.cert in certman.toml, or name the file with --cert"));
    }
    let file = identity::detect(key)?;
    let place = Place { file: report.file(key.to_owned()), index: 1, line: None };
    identity::note_access(key, Some(place), report);
    let passphrase = match &file.content {
        Content::Plain(_) => None,
        Content::Sealed(_) => Some(identity::passphrase(settings, key, false, host, report)?.0),
    };
    if request.verify {
        let limits = request.limits;
        identity::verify(file, passphrase.as_ref(), certificate, key, limits, settings, report)?;
    }
    Ok(passphrase)
}

fn is_sealed(key: &Path) -> Result<bool, Failure> {
    Ok(matches!(identity::detect(key)?.content, Content::Sealed(_)))
}

/// The variable whose value is not certman's alone.
pub const JAVA_TOOL_OPTIONS: &str = "JAVA_TOOL_OPTIONS";

fn bytes(path: &Option<PathBuf>) -> Option<&[u8]> {
    path.as_ref().map(|path| path.as_os_str().as_encoded_bytes())
}
