/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CPython 3.11, unchanged: Python's functions by name and line, in one stack with the
 * C code between them. It is installed with the library, whose preload object calls
 * sigprof_python_thread() in each thread of such a Python:
 *
 *      sigprof-run -o app.html -- python3.11 app.py
 *
 * Where the library is linked instead, it is a module to be imported:
 *
 *      cc -O2 -shared -fPIC python.c -I/usr/include/python3.11 \
 *          $(pkg-config --cflags sigprof) -o sigprof_python.so
 *      import sigprof_python, threading
 *      threading.setprofile(sigprof_python.enter) # threads that begin later
 *
 * The walk reads the interpreter's memory as what it is, by reads that cannot fault,
 * and takes no part in its locks or counts.
 */
#define Py_BUILD_CORE 1 /* for the layout of frames */
#include <Python.h>
#include <internal/pycore_frame.h>

#include <sigprof/jit.h>

#include <stdatomic.h>
#include <stddef.h>

#if PY_VERSION_HEX >> 16 != 0x030b
#error "this example knows the frames of CPython 3.11"
#endif

#define CODE_BYTES offsetof(PyCodeObject, co_code_adaptive) /* then instructions */
#define FRAME_BYTES offsetof(_PyInterpreterFrame, localsplus)

/* One for each thread. The texts are here to spare the signal's stack. */
struct thread {
    struct sigprof_guest guest;
    char name[256], file[256];
};

/* ---- Inside the signal ---------------------------------------------------- */

/* What is not ASCII becomes a question mark. */
static void read_text(struct sigprof_walk *walk, PyObject *object, char text[256])
{
    PyCompactUnicodeObject head;
    const PyASCIIObject *ascii = &head._base;
    const char *from;
    uint32_t wide;
    int kind;

    strcpy(text, "?");
    if (!sigprof_walk_read(walk, &head, object, sizeof head) ||
        !ascii->state.compact || ascii->length <= 0)
        return;
    kind = ascii->state.kind; /* bytes a character, unless it is no string */
    if (kind != 1 && kind != 2 && kind != 4)
        return;
    from = (const char *)object +
           (ascii->state.ascii ? sizeof(PyASCIIObject) : sizeof head);
    for (int i = 0; i < 255 && i < ascii->length; i++) {
        wide = 0;
        if (!sigprof_walk_read(walk, &wide, from + i * kind, (size_t)kind))
            return;
        text[i] = wide < 128 ? (char)wide : '?';
        text[i + 1] = '\0';
    }
}

/* By its objects: a function that was freed and one that took its place differ in one
 * of them. */
static uint64_t key_of(const void *at, const PyCodeObject *code)
{
    const uint64_t parts[] = {(uintptr_t)at, (uintptr_t)code->co_qualname,
                              (uintptr_t)code->co_filename,
                              (uint64_t)code->co_firstlineno};
    uint64_t key = 0;

    for (int i = 0; i < 4; i++)
        key = (key ^ parts[i]) * 0x9e3779b97f4a7c15u;
    return key;
}

static uint32_t function_of(struct sigprof_walk *walk, struct thread *thread,
                            uint64_t key, const PyCodeObject *code)
{
    uint32_t number = sigprof_walk_recall(walk, key);

    if (number)
        return number;
    read_text(walk, code->co_qualname, thread->name);
    read_text(walk, code->co_filename, thread->file);
    number = sigprof_walk_function(walk, thread->name, thread->file,
                                   (uint32_t)code->co_firstlineno);
    sigprof_walk_remember(walk, key, number);
    return number;
}

/* A part of the table of lines: aligned, so it lies in one page. */
struct part {
    uintptr_t from;
    unsigned char bytes[64];
};

/* A byte of that table; the first of an entry has the top bit, others not. */
static int table_byte(struct sigprof_walk *walk, struct part *part, const char *byte)
{
    uintptr_t from = (uintptr_t)byte & ~(uintptr_t)63;

    if (part->from != from &&
        !sigprof_walk_read(walk, part->bytes, (const void *)from, 64))
        return -1;
    part->from = from;
    return part->bytes[(uintptr_t)byte & 63];
}

/* The line of the instruction so many units behind the first. */
static uint32_t line_of(struct sigprof_walk *walk, const PyCodeObject *code, long unit)
{
    const char *table = PyBytes_AS_STRING(code->co_linetable);
    long line = code->co_firstlineno, at = 0, units = 0;
    struct part part = {0};
    int byte = table_byte(walk, &part, table);

    while (at < 8192 && byte >= 0x80) {
        int kind = byte >> 3 & 15, shift = 0;
        long number = 0;

        units += (byte & 7) + 1;
        while ((byte = table_byte(walk, &part, table + ++at)) >= 0 && byte < 0x80)
            if (shift >= 0 && (kind == 13 || kind == 14)) {
                number |= (long)(byte & 63) << shift;
                shift = byte & 64 ? shift + 6 : -1; /* the first number is it */
            }
        if (kind == 13 || kind == 14)
            line += number & 1 ? -(number >> 1) : number >> 1;
        else if (kind >= 10 && kind <= 12)
            line += kind - 10;
        if (units > unit)
            return (uint32_t)line;
    }
    return 0;
}

/* The same, remembered: callers are where they were, sample after sample, and to read
 * it costs a system call each. */
static uint32_t line_again(struct sigprof_walk *walk, uint64_t key,
                           const PyCodeObject *code, long unit)
{
    uint64_t place = (key ^ (uint64_t)(unit + 1)) * 0x9e3779b97f4a7c15u;
    uint32_t line = sigprof_walk_recall(walk, place);

    if (line)
        return line;
    line = line_of(walk, code, unit);
    sigprof_walk_remember(walk, place, line);
    return line;
}

/* Innermost first. */
static int list_frames(struct sigprof_guest *guest, struct sigprof_walk *walk)
{
    /* A value that pthreads keep for each thread; NULL: it runs no Python. */
    const PyThreadState *state =
        guest->state ? guest->state : PyGILState_GetThisThreadState();
    const _PyInterpreterFrame *at;
    _PyInterpreterFrame frame;
    _PyCFrame *loop_frame, loop;
    PyCodeObject code;

    if (!state ||
        !sigprof_walk_read(walk, &loop_frame, &state->cframe, sizeof loop_frame))
        return 0; /* or a filter allows no such reads */
    if (!sigprof_walk_read(walk, &loop, loop_frame, sizeof loop))
        return -1;
    at = loop.current_frame;
    for (int i = 0; at && i < 1000; i++, at = frame.previous) {
        uint64_t key;
        long unit;

        if (!sigprof_walk_read(walk, &frame, at, FRAME_BYTES) ||
            !sigprof_walk_read(walk, &code, frame.f_code, CODE_BYTES))
            return -1;
        key = key_of(frame.f_code, &code);
        unit = ((const char *)frame.prev_instr - (const char *)frame.f_code -
                (long)CODE_BYTES) / (long)sizeof(_Py_CODEUNIT);
        if (!sigprof_walk_frame(
                walk, function_of(walk, (struct thread *)guest, key, &code),
                i == 0 ? line_of(walk, &code, unit) : line_again(walk, key, &code, unit),
                NULL, frame.is_entry ? SIGPROF_FRAME_ENTRY : 0))
            break;
    }
    return 0;
}

/* ---- The module ----------------------------------------------------------- */

/* state NULL: to be asked for. */
static void enter_as(PyThreadState *state)
{
    static _Thread_local struct thread thread = {.guest = {.walk = list_frames}};
    static atomic_int is_declared;

    if (!SIGPROF_JIT_PRESENT)
        return;
    if (!atomic_exchange(&is_declared, 1))
        sigprof_loop_declare((const void *)(uintptr_t)_PyEval_EvalFrameDefault, 0);
    thread.guest.state = state;
    sigprof_guest_enter(&thread.guest);
}

/* For the preload object: before there is an interpreter, and in threads that may never
 * run Python. */
#define EXPORTED __attribute__((visibility("default")))
extern EXPORTED const unsigned long sigprof_python_version;
const unsigned long sigprof_python_version = PY_VERSION_HEX >> 16;

extern EXPORTED void sigprof_python_thread(void);
void sigprof_python_thread(void)
{
    enter_as(NULL);
}

static PyObject *enter(PyObject *self, PyObject *arguments)
{
    (void)self;
    (void)arguments;
    enter_as(PyThreadState_Get());
    PyEval_SetProfile(NULL, NULL); /* as a profile function it is called once */
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"enter", enter, METH_VARARGS, "The calling thread's frames are in samples."},
    {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT,
                                    .m_name = "sigprof_python",
                                    .m_size = -1,
                                    .m_methods = methods};

PyMODINIT_FUNC PyInit_sigprof_python(void);

PyMODINIT_FUNC PyInit_sigprof_python(void)
{
    Py_DECREF(enter(NULL, NULL));
    return PyModule_Create(&module);
}
