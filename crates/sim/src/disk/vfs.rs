//! The file system that SQLite is given for simulated disks: a table of C functions over [`Files`]. This is the one place
//! of the project that uses `unsafe`; what it relies on is said at each use. One connection has a file at a time, so
//! nothing is shared and no lock is real: the store opens these files in exclusive mode.

#![expect(unsafe_code, reason = "SQLite asks for a file system in C")]

use std::collections::BTreeMap;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::mem::size_of;
use std::ptr::{null, null_mut};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};

use rusqlite::ffi;

use super::{Files, Trouble};

/// The name under which the file system is registered.
pub const NAME: &str = "teranga-sim";
const NAME_C: &CStr = c"teranga-sim";
const PATH_BYTES_MAX: c_int = 128;

static DISKS: Mutex<BTreeMap<u64, Arc<Mutex<Files>>>> = Mutex::new(BTreeMap::new());

fn disks() -> MutexGuard<'static, BTreeMap<u64, Arc<Mutex<Files>>>> {
    DISKS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes a disk's files reachable under its number.
pub(super) fn mount(number: u64, files: &Arc<Mutex<Files>>) {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(register);
    disks().insert(number, Arc::clone(files));
}

/// Forgets a disk.
pub(super) fn unmount(number: u64) {
    disks().remove(&number);
}

/// The path of a file of a disk.
pub(super) fn path(number: u64, name: &str) -> String {
    format!("{number}/{name}")
}

/// A file and its disk, from a path.
fn find(path: &str) -> Option<(Arc<Mutex<Files>>, String)> {
    let (number, name) = path.split_once('/')?;
    let files = disks().get(&number.parse().ok()?).cloned()?;
    Some((files, name.to_owned()))
}

/// What an open file is to SQLite: its own header first, then ours.
#[repr(C)]
struct Open {
    header: ffi::sqlite3_file,
    /// A `Handle`, owned by this file from `open` to `close`.
    handle: *mut Handle,
}

struct Handle {
    files: Arc<Mutex<Files>>,
    name: String,
    /// A nameless file is SQLite's scratch paper: it is gone with its handle and no power cut is worth it.
    scratch: Option<Vec<u8>>,
}

impl Handle {
    fn files(&self) -> MutexGuard<'_, Files> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn code(done: Result<(), Trouble>, dead: c_int) -> c_int {
    match done {
        Ok(()) => ffi::SQLITE_OK,
        Err(Trouble::Dead) => dead,
        Err(Trouble::Full) => ffi::SQLITE_FULL,
    }
}

/// The text of a path.
///
/// # Safety
/// `path` is null or a C string that outlives the call.
unsafe fn text<'a>(path: *const c_char) -> Option<&'a str> {
    if path.is_null() {
        return None;
    }
    // SAFETY: not null, and the caller promises the rest.
    unsafe { CStr::from_ptr(path) }.to_str().ok()
}

/// The handle of an open file.
///
/// # Safety
/// `file` was opened by `open` and is not closed; SQLite calls one method of a file at a time.
unsafe fn handle<'a>(file: *mut ffi::sqlite3_file) -> &'a mut Handle {
    // SAFETY: `open` made the file an `Open` with a handle from a `Box`.
    unsafe { &mut *(*file.cast::<Open>()).handle }
}

unsafe extern "C" fn open(
    _: *mut ffi::sqlite3_vfs,
    path: *const c_char,
    file: *mut ffi::sqlite3_file,
    _flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    let file = file.cast::<Open>();
    // SAFETY: SQLite gives `szOsFile` bytes; without methods it does not call `close`.
    unsafe { (*file).header.pMethods = null() };
    // SAFETY: SQLite gives a C string or null.
    let opened = match unsafe { text(path) } {
        Some(path) => find(path).map(|(files, name)| Handle { files, name, scratch: None }),
        None => Some(Handle { files: Arc::default(), name: String::new(), scratch: Some(Vec::new()) }),
    };
    let Some(opened) = opened else { return ffi::SQLITE_CANTOPEN };
    if opened.scratch.is_none() {
        let mut files = opened.files();
        if files.alive().is_err() {
            return ffi::SQLITE_CANTOPEN;
        }
        files.by_name.entry(opened.name.clone()).or_default();
    }
    // SAFETY: as above; `out_flags` is null or writable.
    unsafe {
        (*file).handle = Box::into_raw(Box::new(opened));
        (*file).header.pMethods = &raw const METHODS;
        if let Some(out) = out_flags.as_mut() {
            *out = ffi::SQLITE_OPEN_READWRITE;
        }
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: made by `Box::into_raw` in `open`, and closed once.
    drop(unsafe { Box::from_raw((*file.cast::<Open>()).handle) });
    ffi::SQLITE_OK
}

unsafe extern "C" fn read(file: *mut ffi::sqlite3_file, to: *mut c_void, amount: c_int, at: i64) -> c_int {
    // SAFETY: an open file, and SQLite gives `amount` bytes.
    let (handle, to) = unsafe {
        (handle(file), std::slice::from_raw_parts_mut(to.cast::<u8>(), usize::try_from(amount).unwrap_or(0)))
    };
    to.fill(0);
    let (at, files) = (usize::try_from(at).unwrap_or(usize::MAX), handle.files());
    if handle.scratch.is_none() && files.alive().is_err() {
        return ffi::SQLITE_IOERR_READ;
    }
    let bytes = handle.scratch.as_deref();
    let bytes = bytes.or_else(|| files.by_name.get(&handle.name).map(|file| file.bytes.as_slice()));
    let there = bytes.and_then(|bytes| bytes.get(at..)).unwrap_or(&[]);
    let count = there.len().min(to.len());
    let (Some(to), Some(there)) = (to.get_mut(..count), there.get(..count)) else { return ffi::SQLITE_IOERR };
    to.copy_from_slice(there);
    if count < usize::try_from(amount).unwrap_or(0) { ffi::SQLITE_IOERR_SHORT_READ } else { ffi::SQLITE_OK }
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    from: *const c_void,
    amount: c_int,
    at: i64,
) -> c_int {
    // SAFETY: an open file, and SQLite gives `amount` bytes.
    let (handle, from) = unsafe {
        (handle(file), std::slice::from_raw_parts(from.cast::<u8>(), usize::try_from(amount).unwrap_or(0)))
    };
    let at = usize::try_from(at).unwrap_or(usize::MAX);
    if let Some(scratch) = &mut handle.scratch {
        let length = scratch.len().max(at + from.len());
        super::put(scratch, at, from, length);
        return ffi::SQLITE_OK;
    }
    let done = handle.files().write(&handle.name, at, from);
    code(done, ffi::SQLITE_IOERR_WRITE)
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, length: i64) -> c_int {
    // SAFETY: an open file.
    let handle = unsafe { handle(file) };
    let length = usize::try_from(length).unwrap_or(0);
    if let Some(scratch) = &mut handle.scratch {
        scratch.truncate(length);
        return ffi::SQLITE_OK;
    }
    let done = handle.files().truncate(&handle.name, length);
    code(done, ffi::SQLITE_IOERR_TRUNCATE)
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, _flags: c_int) -> c_int {
    // SAFETY: an open file.
    let handle = unsafe { handle(file) };
    if handle.scratch.is_some() {
        return ffi::SQLITE_OK;
    }
    let done = handle.files().sync(&handle.name);
    code(done, ffi::SQLITE_IOERR_FSYNC)
}

unsafe extern "C" fn file_size(file: *mut ffi::sqlite3_file, size: *mut i64) -> c_int {
    // SAFETY: an open file.
    let handle = unsafe { handle(file) };
    let length = match &handle.scratch {
        Some(scratch) => scratch.len(),
        None => handle.files().by_name.get(&handle.name).map_or(0, |file| file.bytes.len()),
    };
    // SAFETY: SQLite gives a place for the size.
    unsafe { *size = i64::try_from(length).unwrap_or(i64::MAX) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn lock(_: *mut ffi::sqlite3_file, _level: c_int) -> c_int {
    ffi::SQLITE_OK
}

unsafe extern "C" fn check_reserved_lock(_: *mut ffi::sqlite3_file, held: *mut c_int) -> c_int {
    // SAFETY: SQLite gives a place for the answer.
    unsafe { *held = 0 };
    ffi::SQLITE_OK
}

unsafe extern "C" fn file_control(_: *mut ffi::sqlite3_file, _: c_int, _: *mut c_void) -> c_int {
    ffi::SQLITE_NOTFOUND
}

unsafe extern "C" fn sector_size(_: *mut ffi::sqlite3_file) -> c_int {
    512
}

/// No promise that a real disk might not keep.
unsafe extern "C" fn device_characteristics(_: *mut ffi::sqlite3_file) -> c_int {
    0
}

unsafe extern "C" fn delete(_: *mut ffi::sqlite3_vfs, path: *const c_char, _sync: c_int) -> c_int {
    // SAFETY: SQLite gives a C string.
    let Some((files, name)) = unsafe { text(path) }.and_then(find) else { return ffi::SQLITE_IOERR_DELETE };
    let mut files = files.lock().unwrap_or_else(PoisonError::into_inner);
    if files.spend().is_err() {
        return ffi::SQLITE_IOERR_DELETE;
    }
    files.by_name.remove(&name);
    ffi::SQLITE_OK
}

unsafe extern "C" fn access(
    _: *mut ffi::sqlite3_vfs,
    path: *const c_char,
    _flags: c_int,
    there: *mut c_int,
) -> c_int {
    // SAFETY: SQLite gives a C string.
    let found = unsafe { text(path) }.and_then(find).is_some_and(|(files, name)| {
        files.lock().unwrap_or_else(PoisonError::into_inner).by_name.contains_key(&name)
    });
    // SAFETY: SQLite gives a place for the answer.
    unsafe { *there = c_int::from(found) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn full_pathname(
    _: *mut ffi::sqlite3_vfs,
    path: *const c_char,
    size: c_int,
    out: *mut c_char,
) -> c_int {
    // SAFETY: SQLite gives a C string.
    let bytes = unsafe { CStr::from_ptr(path) }.to_bytes_with_nul();
    if bytes.len() > usize::try_from(size).unwrap_or(0) {
        return ffi::SQLITE_CANTOPEN;
    }
    // SAFETY: `out` has `size` bytes, and the path with its end fits.
    unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr().cast::<c_char>(), out, bytes.len()) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn randomness(_: *mut ffi::sqlite3_vfs, size: c_int, out: *mut c_char) -> c_int {
    // SAFETY: SQLite gives `size` bytes.
    unsafe { std::slice::from_raw_parts_mut(out, usize::try_from(size).unwrap_or(0)) }.fill(7);
    size
}

unsafe extern "C" fn sleep(_: *mut ffi::sqlite3_vfs, microseconds: c_int) -> c_int {
    microseconds
}

unsafe extern "C" fn current_time(_: *mut ffi::sqlite3_vfs, out: *mut f64) -> c_int {
    // The Julian day of 2026-01-01: no statement of ours asks for it.
    // SAFETY: SQLite gives a place for the time.
    unsafe { *out = 2_461_041.5 };
    ffi::SQLITE_OK
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    // Version 1: without shared memory and mapped files, which one connection needs neither of.
    iVersion: 1,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(lock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: None,
    xShmLock: None,
    xShmBarrier: None,
    xShmUnmap: None,
    xFetch: None,
    xUnfetch: None,
};

fn register() {
    // Worlds that are played side by side would stand in line to count the bytes that SQLite uses.
    // SAFETY: nothing of SQLite has run in this process, or it answers that it is too late and changes nothing.
    let _ = unsafe { ffi::sqlite3_config(ffi::SQLITE_CONFIG_MEMSTATUS, 0) };
    let vfs = ffi::sqlite3_vfs {
        iVersion: 1,
        szOsFile: c_int::try_from(size_of::<Open>()).unwrap_or(c_int::MAX),
        mxPathname: PATH_BYTES_MAX,
        pNext: null_mut(),
        zName: NAME_C.as_ptr(),
        pAppData: null_mut(),
        xOpen: Some(open),
        xDelete: Some(delete),
        xAccess: Some(access),
        xFullPathname: Some(full_pathname),
        xDlOpen: None,
        xDlError: None,
        xDlSym: None,
        xDlClose: None,
        xRandomness: Some(randomness),
        xSleep: Some(sleep),
        xCurrentTime: Some(current_time),
        xGetLastError: None,
        xCurrentTimeInt64: None,
        xSetSystemCall: None,
        xGetSystemCall: None,
        xNextSystemCall: None,
    };
    // SAFETY: the table is leaked, so it outlives every use; SQLite keeps and changes only `pNext`.
    let done = unsafe { ffi::sqlite3_vfs_register(Box::into_raw(Box::new(vfs)), 0) };
    assert_eq!(done, ffi::SQLITE_OK, "SQLite takes a file system");
}
