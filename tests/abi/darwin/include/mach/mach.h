/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_DARWIN_INCLUDE_MACH_MACH_H
#define ABI_DARWIN_INCLUDE_MACH_MACH_H

#include <sys/types.h>

#define KERN_SUCCESS 0
#define MACH_PORT_NULL 0
#define VM_PROT_READ 1
#define VM_PROT_EXECUTE 4
#define THREAD_BASIC_INFO 3
#define THREAD_IDENTIFIER_INFO 4
#define THREAD_EXTENDED_INFO 5
#define VM_REGION_BASIC_INFO_64 9

typedef int kern_return_t;
typedef unsigned int natural_t;
typedef natural_t mach_port_t;
typedef mach_port_t thread_act_t;
typedef thread_act_t *thread_act_array_t;
typedef natural_t mach_msg_type_number_t;
typedef uintptr_t vm_address_t;
typedef uintptr_t vm_size_t;
typedef int *thread_info_t;
typedef int *vm_region_info_t;

typedef struct {
    int seconds;
    int microseconds;
} time_value_t;

typedef struct {
    time_value_t user_time;
    time_value_t system_time;
    int cpu_usage;
    int policy;
    int run_state;
    int abi_rest[3];
} thread_basic_info_data_t;
#define TH_STATE_RUNNING 1
#define THREAD_BASIC_INFO_COUNT 10

typedef struct {
    uint64_t thread_id;
    uint64_t thread_handle;
    uint64_t dispatch_qaddr;
} thread_identifier_info_data_t;
#define THREAD_IDENTIFIER_INFO_COUNT 6

typedef struct {
    uint64_t abi_times[2];
    int abi_states[8];
    char pth_name[64];
} thread_extended_info_data_t;
#define THREAD_EXTENDED_INFO_COUNT 28

#pragma pack(push, 4)
typedef struct {
    int protection;
    int max_protection;
    unsigned int inheritance;
    unsigned int shared;
    unsigned int reserved;
    unsigned long long offset;
    int behavior;
    unsigned short user_wired_count;
} vm_region_basic_info_data_64_t;
#pragma pack(pop)
#define VM_REGION_BASIC_INFO_COUNT_64 9

extern mach_port_t mach_task_self_;
#define mach_task_self() mach_task_self_

kern_return_t mach_port_deallocate(mach_port_t, mach_port_t);
kern_return_t task_threads(mach_port_t, thread_act_array_t *,
                           mach_msg_type_number_t *);
kern_return_t thread_info(thread_act_t, natural_t, thread_info_t,
                          mach_msg_type_number_t *);
kern_return_t vm_deallocate(mach_port_t, vm_address_t, vm_size_t);
kern_return_t vm_read_overwrite(mach_port_t, vm_address_t, vm_size_t,
                                vm_address_t, vm_size_t *);
kern_return_t vm_region_64(mach_port_t, vm_address_t *, vm_size_t *, int,
                           vm_region_info_t, mach_msg_type_number_t *,
                           mach_port_t *);

#endif
